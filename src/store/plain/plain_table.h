// SPDX-License-Identifier: Apache-2.0
// The rows of a version of the recipe layout, read from names and shapes alone; and for each
// fragment the column that their values are in.
//
// Immutable once read; any number of threads may use it.
#pragma once

#include <lancekeep/tensor.h>

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "store/plain/value_column.h"
#include "store/table/plain_columns.h"

#include <memory>
#include <string>
#include <vector>

namespace lancekeep::store {

/// The dtype that numbers become where none is asked for.
inline constexpr char kPlainDtype[] = "float64";

struct PlainRow {
  std::string name;  ///< empty where it is null
  Shape shape;
  std::uint64_t elements = 0;
  std::size_t fragment = 0;  ///< index of its fragment in the manifest
  std::uint64_t offset = 0;  ///< of the row in its fragment, deleted ones counted
  std::string damage;        ///< why this tensor cannot be loaded; empty: its value may tell
};

/// The live rows of a fragment, in row order.
struct PlainFragment {
  std::vector<PlainRow> rows;
  std::shared_ptr<const ValueColumn> values;  ///< null where the fragment has no such column
};

struct PlainTable {
  std::vector<PlainRow> rows;                              ///< in row order
  std::vector<std::shared_ptr<const ValueColumn>> values;  ///< by fragment
};

/// `columns` are those of `fields`, the manifest's. @throws Error corrupt, unsupported.
[[nodiscard]] PlainFragment read_plain_fragment(const io::Storage& storage,
                                                const std::vector<lance::Field>& fields,
                                                const PlainColumns& columns,
                                                const lance::Fragment& fragment);

/// All fragments. @throws Error corrupt, unsupported; also where it is no recipe dataset.
[[nodiscard]] PlainTable read_plain_table(const io::Storage& storage,
                                          const lance::Manifest& manifest);

/// Sum of the tensors' bytes as float64, which is what they are where no other dtype is asked for.
[[nodiscard]] std::uint64_t total_bytes(const PlainTable& table);

}  // namespace lancekeep::store
