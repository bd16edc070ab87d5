// SPDX-License-Identifier: Apache-2.0
// The columns of any Lance dataset: their types, and whether this build decodes them. Reads the
// footers of data files, but no values. Free functions; any thread may call them.
#pragma once

#include "io/storage.h"
#include "lance/file/data_file_reader.h"
#include "lance/proto/manifest.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

struct DatasetColumn {
  std::string name;
  std::string type;  ///< as Arrow prints it
  bool nullable = true;
  std::string unreadable;  ///< why this build does not decode the column; empty if it does
};

/// Every top-level column of a version. If a data file cannot be opened, its columns say so.
[[nodiscard]] std::vector<DatasetColumn> list_columns(const io::Storage& storage,
                                                      const Manifest& manifest);

/// The number of rows that are not deleted.
[[nodiscard]] std::uint64_t live_rows(const Manifest& manifest);

/// Throws corrupt if `size`, that of the data file `name`, differs from that in the manifest.
void check_file_size(const DataFile& file, std::uint64_t size, const std::string& name);
/// Opens a data file of a dataset. Throws corrupt if its size differs from that in the manifest.
[[nodiscard]] DataFileReader open_data_file(const io::Storage& storage, const DataFile& file);

}  // namespace lancekeep::lance
