// SPDX-License-Identifier: Apache-2.0
// Finds the columns of a model in the schema of any Lance dataset. Lancekeep writes each column
// with one type; casts and copies by other programs give it others, which are read too. Pure
// functions.
#pragma once

#include <lancekeep/store.h>

#include "lance/proto/schema.h"
#include "store/table/layout.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// The layout that a schema has; unset if the dataset does not keep a model.
[[nodiscard]] std::optional<Layout> layout_of(const std::vector<lance::Field>& fields);
/// Why a schema without a layout has none: which column is missing or has another type, and how to
/// get a copy that can be read, if there is a way. One line; "column `shape` is …, expected …".
[[nodiscard]] std::string why_no_model(const std::vector<lance::Field>& fields);

/// The columns of the native layout, in any order, among any other columns: texts can be strings,
/// large_strings or dictionaries, a shape any list of integers, an ordinal any integer.
struct NativeColumns {
  /// Field ids of the columns, not of a list's items; -1 if the dataset lacks the column, or if it
  /// has a type that means nothing here.
  std::array<std::int32_t, kColumns> ids{};
  std::string shape_dtype;    ///< the integer type of a dimension
  std::string ordinal_dtype;  ///< empty if there are no ordinals
};

/// Unset if name, dtype, shape or value is missing or has another type.
[[nodiscard]] std::optional<NativeColumns> find_native_columns(
    const std::vector<lance::Field>& fields);

/// The columns of the plain layout: a name, a shape and a list of numbers per row, in any of
/// Lance's types for these, in any order, among any other columns.
struct PlainColumns {
  std::int32_t name = -1;  ///< field ids of the columns, not of the lists' items
  std::int32_t value = -1;
  std::int32_t shape = -1;
  std::string value_dtype;  ///< torch's name for the numbers in a value
  std::string shape_dtype;  ///< the integer type of the dimensions
};

/// Unset if one of the three columns is missing or has another type.
[[nodiscard]] std::optional<PlainColumns> find_plain_columns(
    const std::vector<lance::Field>& fields);

}  // namespace lancekeep::store
