// SPDX-License-Identifier: Apache-2.0
// What a store contains, as far as a clean-up needs to know it, and which of it the clean-up
// removes.
#pragma once

#include "io/storage.h"
#include "lance/table/version_list.h"
#include "store/gc/retention.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lancekeep::store {

/// Entries of a store by their paths; see io::walk_folder.
using Files = std::map<std::string, io::FolderEntry>;

struct Inventory {
  Files files;                               ///< everything in the folders that Lance writes
  std::vector<lance::VersionEntry> expired;  ///< versions to remove, oldest first
  std::set<std::string> torn;                ///< manifests that were cut short; not versions
  // Paths of files that versions refer to:
  std::set<std::string> referenced;           ///< by the versions that are kept
  std::set<std::string> unsynced;             ///< those of `referenced` that may not be on the disk
  std::set<std::string> expired_files;        ///< by expired versions; may overlap `referenced`
  std::set<std::string> referenced_by_older;  ///< by kept versions other than the latest
  /// The latest version, if it would be expired once there is a newer one.
  std::optional<std::uint64_t> replaceable;
  std::vector<std::string> notes;
};

/// Reads only. The caller holds the exclusive lock of _versions.
/// @throws Error if the store contains something that could refer to files in a way that this build
/// does not know, or if a version to keep is damaged; see preconditions.h.
[[nodiscard]] Inventory take_inventory(const io::Storage& storage, const GcOptions& options,
                                       Time now);

/// Paths to remove, in this order.
struct Plan {
  std::vector<std::string> manifests;  ///< of the expired versions, oldest first
  std::vector<std::string> released;   ///< files that only those versions refer to
  std::vector<std::string> orphans;    ///< unreferenced files that are old enough
  std::vector<std::string> young;      ///< unreferenced files that are kept for now
  /// Folders of blobs beside unreferenced data files, and of unreferenced indices: removed once
  /// they are empty.
  std::vector<std::string> folders;
  std::uint64_t foreign = 0;  ///< files, links and the like with names that Lance does not write
};

/// A pure function.
[[nodiscard]] Plan plan_removal(const Inventory& inventory, const GcOptions& options, Time now);

}  // namespace lancekeep::store
