// SPDX-License-Identifier: Apache-2.0
// The two layouts that keep a model in a Lance dataset: the columns of each, and how to find them
// in a dataset's schema. docs/format/tensors.md describes every column. Pure functions.
#pragma once

#include <lancekeep/store.h>

#include "lance/proto/manifest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// The layout that a schema has; unset if the dataset does not keep a model.
[[nodiscard]] std::optional<Layout> layout_of(const std::vector<lance::Field>& fields);
/// A text such as "name: string, value: list<double>", for messages; "none" if there are no
/// columns.
[[nodiscard]] std::string describe_columns(const std::vector<lance::Field>& fields);

/// Columns of the native layout, numbered as in a data file, in the order in which they are
/// written.
enum Column : std::size_t { kName, kDtype, kShape, kValue, kOrdinal, kHash, kTiedTo, kColumns };

/// The native schema of a new dataset. A column keeps the metadata that the column of the same
/// name has in `earlier`, the fields of the previous version.
[[nodiscard]] std::vector<lance::Field> native_fields(const std::vector<lance::Field>& earlier);
/// The schema of a native dataset that keeps its fragments: its own fields, plus the native columns
/// it lacks. Foreign columns stay if new rows may leave them null.
/// @throws Error unsupported if the dataset has run out of field ids.
[[nodiscard]] std::vector<lance::Field> completed_fields(const std::vector<lance::Field>& fields);

/// The fields of these native columns, list items included, in this order.
[[nodiscard]] std::vector<lance::Field> fields_of(const std::vector<lance::Field>& schema,
                                                  const std::vector<Column>& columns);
/// For each native column, the id of the field that holds its values: the item of a list, else the
/// column itself; -1 if the dataset lacks the column.
[[nodiscard]] std::vector<std::int32_t> find_leaf_ids(const std::vector<lance::Field>& fields);

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
