// SPDX-License-Identifier: Apache-2.0
// Folders of whole stores that are to go: one that was replaced, and what a replacement that did
// not come to its end has left beside the store.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

namespace lancekeep::store {

/// A name beside `store` that nothing else has: ".<store>.lancekeep-<16 hex digits>".
[[nodiscard]] std::filesystem::path new_sibling(const std::filesystem::path& store);

/// Deletes a dataset's folder: only files with names that Lance writes, never through a link, and
/// then the folders that are empty. Returns false where something else was in it and stays.
bool remove_dataset(const std::filesystem::path& folder);

/// Deletes the folders named as new_sibling() names them in which nothing was written for 7 days
/// before `now`, and that nobody holds flock on. Returns how many are gone; never throws for one
/// that cannot be looked into or deleted, which stays.
std::size_t remove_stale_siblings(const std::filesystem::path& store,
                             std::chrono::sys_time<std::chrono::nanoseconds> now);

}  // namespace lancekeep::store
