// SPDX-License-Identifier: Apache-2.0
#include "lance/table/row_counts.h"

#include "lance/file/data_file_reader.h"
#include "lance/table/dataset_columns.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

// Row offsets in deletion files have 32 bits, so a fragment cannot have more rows.
constexpr std::uint64_t kMaxFragmentRows = std::uint64_t{1} << 32;

std::uint64_t rows_of(const io::Storage& storage, const Fragment& fragment) {
  const DataFileReader file = open_data_file(storage, fragment.files.front());
  const std::uint64_t rows = file.descriptor().rows;
  if (rows <= kMaxFragmentRows) return rows;
  file.bytes().fail(
      fmt::format("the data file says that it has {} rows, expected at most 2^32", rows));
}

}  // namespace

void fill_row_counts(const io::Storage& storage, Manifest& manifest) {
  for (Fragment& fragment : manifest.fragments) {
    if (fragment.physical_rows == 0 && !fragment.files.empty()) {
      fragment.physical_rows = rows_of(storage, fragment);
    }
    if (!fragment.deletion) continue;
    std::uint64_t& deleted = fragment.deletion->num_deleted_rows;
    if (deleted == 0) deleted = read_deletions(storage, fragment).size();
    if (deleted <= fragment.physical_rows) continue;
    throw Error(ErrorCode::corrupt,
                fmt::format("fragment {} has {} deleted rows, but only {} rows", fragment.id,
                            deleted, fragment.physical_rows),
                storage.full_name(kVersionsFolder));
  }
}

}  // namespace lancekeep::lance
