// SPDX-License-Identifier: Apache-2.0
// Looks up columns in a schema, and says what type they have. Pure functions.
#pragma once

#include "lance/proto/schema.h"

#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::store {

/// The key of a column's metadata that is "true" for a blob of version 1.
inline constexpr std::string_view kBlobKey = "lance-encoding:blob";

/// The column of this name; null if the schema has none.
[[nodiscard]] const lance::Field* find_top_level(const std::vector<lance::Field>& fields,
                                                 std::string_view name);
/// The first field inside `parent`, which for a list is its item; null if it has none.
[[nodiscard]] const lance::Field* find_child(const std::vector<lance::Field>& fields,
                                             const lance::Field& parent);

/// A text such as "list<int64>".
[[nodiscard]] std::string describe_column(const std::vector<lance::Field>& fields,
                                          const lance::Field& column);
/// A text such as "name: string, value: list<double>", for messages; "none" if there are no
/// columns.
[[nodiscard]] std::string describe_columns(const std::vector<lance::Field>& fields);

/// Whether the type is text: a string, a large_string, or a dictionary of either.
[[nodiscard]] bool is_text(std::string_view type);
/// Whether the column is a blob of version 1: bytes whose position and size the column has.
[[nodiscard]] bool is_blob_column(const lance::Field& column);
/// torch's name of an integer type; empty for any other type.
[[nodiscard]] std::string integer_dtype(std::string_view type);
/// torch's name of a number type, bool included; empty for any other type.
[[nodiscard]] std::string number_dtype(std::string_view type);
/// The type of a list's items; "fixed_size_list:double:6" is a list of double. Empty if `list` is
/// not a list.
[[nodiscard]] std::string item_type(const std::vector<lance::Field>& fields,
                                    const lance::Field& list);

}  // namespace lancekeep::store
