// SPDX-License-Identifier: Apache-2.0
// The native layout: which columns a Lance dataset has when it keeps tensors, and which of a
// dataset's fields they are. docs/format/tensors.md describes each column.
#pragma once

#include <lancekeep/store.h>

#include "lance/proto/manifest.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::store {

/// Column numbers of a data file, in the order in which they are written.
enum Column : std::size_t { kName, kDtype, kShape, kValue, kOrdinal, kHash, kTiedTo, kColumns };

/// What a dataset's schema says it is; nothing: it does not keep a model.
[[nodiscard]] std::optional<Layout> layout_of(const std::vector<lance::Field>& fields);
/// "name: string, value: list<double>, …", for messages.
[[nodiscard]] std::string describe_columns(const std::vector<lance::Field>& fields);

/// The schema of a new dataset. Metadata that `earlier` (an existing dataset's fields) holds for a
/// column of the same name is kept.
[[nodiscard]] std::vector<lance::Field> native_fields(const std::vector<lance::Field>& earlier);
/// The schema of a dataset of the native layout whose fragments stay: its own, with the columns
/// that it lacks. A further column of someone else's stays where new rows may leave it null.
[[nodiscard]] std::vector<lance::Field> completed_fields(const std::vector<lance::Field>& fields);

/// These columns of a schema, with the items of lists, in this order.
[[nodiscard]] std::vector<lance::Field> fields_of(const std::vector<lance::Field>& schema,
                                                  const std::vector<Column>& columns);

/// Field id of each column's leaf in some dataset of the native layout; a column that it lacks is
/// -1.
[[nodiscard]] std::vector<std::int32_t> find_leaf_ids(const std::vector<lance::Field>& fields);

}  // namespace lancekeep::store
