// SPDX-License-Identifier: Apache-2.0
// What is removed from a store, and what stays.
#pragma once

#include <lancekeep/export.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep {

/// Which versions may go: those that every given bound lets go, but never the latest and never one
/// with a tag. One bound is required.
struct GcOptions {
  std::optional<std::uint64_t> keep_last;              ///< at least 1: the newest so many stay
  std::optional<std::chrono::nanoseconds> older_than;  ///< younger ones stay
  /// Files that no version names, as killed saves leave them, go once they are this old, and nobody
  /// is writing them. Less than a running save by pylance takes would cut into it.
  std::chrono::nanoseconds orphans_older_than = std::chrono::hours(7 * 24);
  /// Say what would go; change nothing. Orphans that are in use count as going, since nobody looks.
  bool dry_run = false;
};

struct GcReport {
  std::vector<std::uint64_t> versions_removed;  ///< oldest first
  std::uint64_t files_removed = 0;              ///< manifests included
  std::uint64_t bytes_freed = 0;
  std::uint64_t orphans_kept = 0;  ///< files that nothing names, but which are too young or in use
  std::uint64_t orphan_bytes_kept = 0;
  std::optional<std::uint64_t> rewritten;  ///< the version that stands on rewritten data files
  bool dry_run = false;
  std::vector<std::string> notes;
};

/// What a store takes on the disk. Bytes are those of the files' sizes; bytes = values +
/// bookkeeping + unreachable.
struct DiskUsage {
  std::uint64_t bytes = 0;   ///< of all files in the store's folder; links are not followed
  std::uint64_t values = 0;  ///< data files that some version names
  /// Manifests, transactions, deletion files, tags; also Lance's indices, managed blobs and
  /// branches, which are not looked into.
  std::uint64_t bookkeeping = 0;
  std::uint64_t unreachable = 0;  ///< files that no version names: left by killed saves, or foreign
  struct OfVersion {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;      ///< all files that it stands on; 0: its manifest is damaged
    std::uint64_t exclusive = 0;  ///< of those, the ones that no other version names
  };
  std::vector<OfVersion> versions;  ///< oldest first
  std::vector<std::string> notes;   ///< damaged versions; folders that could not be looked into
};

}  // namespace lancekeep
