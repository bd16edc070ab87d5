// SPDX-License-Identifier: Apache-2.0
// The columns of any Lance dataset, whatever it keeps: types, and whether this build decodes them.
// Reads manifests and footers of data files; no value. Free functions; they keep nothing.
#pragma once

#include "lance/file/data_file_reader.h"
#include "lance/table/dataset.h"

#include <string>
#include <vector>

namespace lancekeep::lance {

struct ColumnState {
  std::string name;
  std::string type;  ///< in Arrow's words
  bool nullable = true;
  std::string why;  ///< why it is not decoded, as a sentence; empty: it is
};

/// Every top-level column of a version. A data file that cannot be opened is the reason for the
/// columns that it has.
[[nodiscard]] std::vector<ColumnState> column_states(const io::Storage& storage,
                                                     const Manifest& manifest);

/// Rows that are not deleted.
[[nodiscard]] std::uint64_t live_rows(const Manifest& manifest);

/// Opens a data file of a dataset, whose size must be the one that the manifest gives.
[[nodiscard]] DataFileReader open_data_file(const io::Storage& storage, const DataFile& file);

}  // namespace lancekeep::lance
