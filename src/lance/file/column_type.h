// SPDX-License-Identifier: Apache-2.0
// Maps the schema's fields to the columns of a data file: which fields have a column, and the type
// of its values, which a page with only nulls does not record.
#pragma once

#include "lance/encoding/array.h"
#include "lance/proto/manifest.h"
#include "lance/proto/schema.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lancekeep::lance {

/// The fields that have a column, in the order of the columns: leaves, and in format 2.0 also lists
/// and structs. A packed struct is one column, and so is a blob.
[[nodiscard]] std::vector<const Field*> column_fields(const std::vector<Field>& fields,
                                                      FormatVersion version);

/// Whether the field is a blob of version 1: its values are stored elsewhere in the file, and its
/// column has (position, size).
[[nodiscard]] bool is_blob(const Field& field);

/// The column of `file` to pass to DataFileReader::read_column() for field `id`, including its
/// lists; unset if the file lacks it. `fields` are the dataset's. Throws unsupported for files of
/// format
/// 0.1, which do not number their columns: every field would seem to be missing.
[[nodiscard]] std::optional<std::uint32_t> find_column(const DataFile& file,
                                                       const std::vector<Field>& fields,
                                                       std::int32_t id);

/// An array without rows that has the type of `leaf` in the schema: its width, and whether it is
/// the item of a list. Has no type if the logical type is unknown.
[[nodiscard]] Array empty_column(const std::vector<Field>& fields, const Field& leaf);

struct ValueType {
  std::uint32_t bits = 0;       ///< of an item; 0: variable width
  std::uint64_t dimension = 1;  ///< values per item; more than 1 for fixed-size lists
  bool operator==(const ValueType&) const = default;
};

/// The width of a logical type, such as "double" or "fixed_size_list:float:4". A dictionary has the
/// type of its values; a boolean has 8 bits, as in an Array. Unset for lists, structs and unknown
/// types.
[[nodiscard]] std::optional<ValueType> value_type(std::string_view logical_type);

}  // namespace lancekeep::lance
