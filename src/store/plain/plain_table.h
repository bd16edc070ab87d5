// SPDX-License-Identifier: Apache-2.0
// The table of a plain dataset: the rows of a version that are not deleted, read only from the
// columns of names and shapes, and for each fragment the column that holds its values.
//
// Immutable once read; any number of threads may use it.
#pragma once

#include <lancekeep/tensor.h>

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "store/plain/value_column.h"
#include "store/table/model_columns.h"

#include <memory>
#include <string>
#include <vector>

namespace lancekeep::store {

/// The dtype of tensors if the caller does not ask for another.
inline constexpr char kPlainDtype[] = "float64";

struct PlainRow {
  std::string name;  ///< empty if it is null
  Shape shape;
  std::uint64_t elements = 0;
  std::size_t fragment = 0;  ///< index of its fragment in the manifest
  std::uint64_t offset = 0;  ///< of the row in its fragment, counting deleted rows
  std::string damage;        ///< why this tensor cannot be loaded; its value can add reasons
};

/// The rows of a fragment that are not deleted, in row order.
struct PlainFragment {
  std::vector<PlainRow> rows;
  std::shared_ptr<const ValueColumn> values;  ///< null if the fragment has no such column
};

struct PlainTable {
  std::vector<PlainRow> rows;                              ///< in row order
  std::vector<std::shared_ptr<const ValueColumn>> values;  ///< by fragment
};

/// `fields` are the manifest's, `columns` what find_plain_columns() finds in them. Fragments must
/// have passed FragmentLimits. @throws Error corrupt, unsupported.
[[nodiscard]] PlainFragment read_plain_fragment(const io::Storage& storage,
                                                const std::vector<lance::Field>& fields,
                                                const PlainColumns& columns,
                                                const lance::Fragment& fragment);

/// All fragments. @throws Error corrupt, unsupported; invalid_argument unless it is a plain
/// dataset.
[[nodiscard]] PlainTable read_plain_table(const io::Storage& storage,
                                          const lance::Manifest& manifest);

/// Bytes of all loadable tensors as kPlainDtype.
[[nodiscard]] std::uint64_t total_bytes(const PlainTable& table);

}  // namespace lancekeep::store
