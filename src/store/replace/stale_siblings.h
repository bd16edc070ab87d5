// SPDX-License-Identifier: Apache-2.0
// Deletes replaced stores, and the folders that crashed replacements left beside a store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace lancekeep::store {

/// An unused name beside `store`: ".<store>.lancekeep-<16 hex digits>".
[[nodiscard]] std::filesystem::path new_sibling(const std::filesystem::path& store);

/// Deletes a dataset's folder: only files with names that Lance writes, never through a link, and
/// then the empty folders. Returns false if the folder had other files, which are kept.
bool remove_dataset(const std::filesystem::path& folder);

/// Whether the folder has files that remove_dataset() keeps; true if it cannot be examined.
[[nodiscard]] bool holds_foreign_files(const std::filesystem::path& folder);

/// A folder beside `store` that is named as new_sibling() names them. Those of other stores have
/// other names.
struct Sibling {
  std::filesystem::path path;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  /// A running replacement has locked it; also if that cannot be found out.
  bool is_in_use = false;
};
/// Empty if the parent folder cannot be listed. `store` may be a link.
[[nodiscard]] std::vector<Sibling> find_siblings(const std::filesystem::path& store);

struct RemovedSiblings {
  std::size_t folders = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};
/// Deletes those that nobody has locked: the replacement that made them is dead. A folder that
/// cannot be deleted, or that holds other files than Lance's, is kept. With `dry_run`, only counts.
RemovedSiblings remove_stale_siblings(const std::filesystem::path& store, bool dry_run = false);

}  // namespace lancekeep::store
