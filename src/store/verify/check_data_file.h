// SPDX-License-Identifier: Apache-2.0
// One data file beside its columns: whether the disk gives it, and whether its parts agree with
// each other and with the manifest.
#pragma once

#include "io/storage.h"
#include "store/rows/fragment_columns.h"

#include <vector>

namespace lancekeep::store {

/// Appends to `damage` what is wrong. Where the disk fails under a column's pages or the footer,
/// that is found here, by reading: touching a mapped page that cannot be fetched would end the
/// process.
void check_data_file(const io::Storage& storage, DataFiles& files, const lance::DataFile& file,
                     std::uint64_t rows, const std::vector<std::int32_t>& leaf_ids,
                     std::vector<Error>& damage);

}  // namespace lancekeep::store
