// SPDX-License-Identifier: Apache-2.0
// Which field of the schema a column holds, and so what its values are: a page of nulls alone does
// not say.
#pragma once

#include "lance/encoding/array.h"
#include "lance/proto/manifest.h"
#include "lance/proto/schema.h"

#include <optional>
#include <vector>

namespace lancekeep::lance {

/// The fields that have a column each, in the order of the columns: leaves; at format 2.0 lists and
/// structs too. A packed struct is one column, as is a blob's.
[[nodiscard]] std::vector<const Field*> column_fields(const std::vector<Field>& fields,
                                                      FormatVersion version);

/// Whether values are (position, size) of bytes elsewhere in the file: blobs of the first kind.
[[nodiscard]] bool is_blob(const Field& field);

/// The column of `file` that DataFileReader::read_column gives field `id` from, lists included;
/// nothing where the file does not have it. `fields` are the dataset's. Throws unsupported for
/// files of format 0.1, which have no such columns: they would look as if all were missing.
[[nodiscard]] std::optional<std::uint32_t> find_column(const DataFile& file,
                                                       const std::vector<Field>& fields,
                                                       std::int32_t id);

/// An array without rows, of the type that the schema gives `leaf`: is it a list's item, and of
/// what width. Without a type for a kind unknown here.
[[nodiscard]] Array empty_column(const std::vector<Field>& fields, const Field& leaf);

}  // namespace lancekeep::lance
