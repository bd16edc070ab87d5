// SPDX-License-Identifier: Apache-2.0
// One data file beside its columns: whether the disk gives it, and whether its parts agree with
// each other and with the manifest.
#pragma once

#include "io/storage.h"
#include "store/table/fragment_columns.h"

#include <string_view>
#include <vector>

namespace lancekeep::store {

/// A column that is read: the field that it holds.
struct KnownColumn {
  std::int32_t field_id = -1;
  std::string_view type;  ///< that the file's own schema must give it; empty: whatever it is
};
/// Those of the native layout; `leaf_ids` as find_leaf_ids() gives them.
[[nodiscard]] std::vector<KnownColumn> native_columns(const std::vector<std::int32_t>& leaf_ids);

/// Appends to `damage` what is wrong. Where the disk fails under a column's pages or the footer,
/// that is found here, by reading: touching a mapped page that cannot be fetched would end the
/// process.
void check_data_file(const io::Storage& storage, DataFiles& files, const lance::DataFile& file,
                     std::uint64_t rows, const std::vector<KnownColumn>& columns,
                     std::vector<Error>& damage);

}  // namespace lancekeep::store
