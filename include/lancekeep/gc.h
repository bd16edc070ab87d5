// SPDX-License-Identifier: Apache-2.0
// Options and results of Store::gc and Store::disk_usage. Sizes are in bytes.
#pragma once

#include <lancekeep/export.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep {

/// Which versions to delete: those that satisfy every limit that is set; the latest version and
/// tagged versions are always kept. At least one limit must be set.
struct GcOptions {
  std::optional<std::uint64_t> keep_last;  ///< at least 1: keep the newest versions, this many
  std::optional<std::chrono::nanoseconds> older_than;  ///< keep versions that are younger
  /// Files that no version references, as interrupted saves leave them, are deleted once they are
  /// this old and no save is writing them. A value shorter than a running pylance write may delete its
  /// files.
  std::chrono::nanoseconds orphans_older_than = std::chrono::hours(7 * 24);
  /// Report what would be deleted, and change nothing. Unreferenced files that are in use are
  /// counted as deleted, since nothing checks for locks.
  bool dry_run = false;
};

struct GcReport {
  std::vector<std::uint64_t> versions_removed;  ///< oldest first
  std::uint64_t files_removed = 0;              ///< manifests included
  std::uint64_t bytes_freed = 0;
  std::uint64_t orphans_kept = 0;  ///< unreferenced files that are too young or in use
  std::uint64_t orphan_bytes_kept = 0;
  std::optional<std::uint64_t> rewritten;  ///< the new version whose data files were rewritten
  bool dry_run = false;
  std::vector<std::string> notes;  ///< remarks for the user, one line each
};

/// What a store takes on the disk, by file size: bytes = values + bookkeeping + unreachable.
struct DiskUsage {
  std::uint64_t bytes = 0;   ///< of all files in the store's folder; links are not followed
  std::uint64_t values = 0;  ///< data files that some version references
  /// Manifests, transactions, deletion files, tags; also Lance's indices, managed blobs and
  /// branches, whose content is not examined.
  std::uint64_t bookkeeping = 0;
  std::uint64_t unreachable = 0;  ///< unreferenced files: of interrupted saves, or foreign
  struct OfVersion {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;      ///< all files that it references; 0 if its manifest is damaged
    std::uint64_t exclusive = 0;  ///< of those, the files that no other version references
  };
  std::vector<OfVersion> versions;  ///< oldest first
  std::vector<std::string> notes;   ///< damaged versions; folders that could not be read
};

}  // namespace lancekeep
