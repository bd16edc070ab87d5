// SPDX-License-Identifier: Apache-2.0
// The columns that Lancekeep writes in the native layout, and the schema of the next version.
// docs/format/tensors.md describes every column; model_columns.h finds those of any dataset. Pure
// functions.
#pragma once

#include <lancekeep/store.h>

#include "lance/proto/manifest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

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
/// column itself; -1 if the schema lacks the column, or has it with another type than is written.
[[nodiscard]] std::vector<std::int32_t> find_leaf_ids(const std::vector<lance::Field>& fields);

}  // namespace lancekeep::store
