// SPDX-License-Identifier: Apache-2.0
// Which field of the schema a column holds, and so what its values are: a page of nulls alone does
// not say.
#pragma once

#include "lance/encoding/array.h"
#include "lance/proto/schema.h"

namespace lancekeep::lance {

/// An array without rows, of the type that the schema gives column `column` of `columns`: is it a
/// list, and of what width. Without a type where the schema's leaves are not the columns, or are of
/// a kind unknown here.
[[nodiscard]] Array empty_column(const FileDescriptor& descriptor, std::size_t column,
                                 std::size_t columns);

}  // namespace lancekeep::lance
