// SPDX-License-Identifier: Apache-2.0
// Deletes replaced stores, and the folders that crashed replacements left beside a store.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

namespace lancekeep::store {

/// An unused name beside `store`: ".<store>.lancekeep-<16 hex digits>".
[[nodiscard]] std::filesystem::path new_sibling(const std::filesystem::path& store);

/// Deletes a dataset's folder: only files with names that Lance writes, never through a link, and
/// then the empty folders. Returns false if the folder had other files, which are kept.
bool remove_dataset(const std::filesystem::path& folder);

/// Deletes the folders that are named as new_sibling() names them, that nobody has locked, and in
/// which nothing was written in the 7 days before `now`. Returns how many were deleted; a folder
/// that cannot be read or deleted is kept.
std::size_t remove_stale_siblings(const std::filesystem::path& store,
                                  std::chrono::sys_time<std::chrono::nanoseconds> now);

}  // namespace lancekeep::store
