// SPDX-License-Identifier: Apache-2.0
// What Store::gc removes from a store and what it keeps, and how much disk space a store takes.
#pragma once

#include <lancekeep/visibility.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep {

/// A version is removed if every limit that is set allows it: `keep_last`, `older_than`. The latest
/// version and tagged versions are always kept. At least one limit is required.
struct GcOptions {
  std::optional<std::uint64_t> keep_last;  ///< at least 1: how many of the newest to keep
  std::optional<std::chrono::nanoseconds> older_than;  ///< younger versions are kept
  /// Unreferenced files, which killed saves leave behind, are removed once they are this old and
  /// nobody is writing them. If pylance is writing and its write takes longer than this, its files
  /// can be deleted.
  std::chrono::nanoseconds orphans_older_than = std::chrono::hours(7 * 24);
  /// Report what would be removed, and change nothing. Locks are not tried, so unreferenced files
  /// that are being written are reported as removed.
  bool dry_run = false;
  /// Commit the latest version again without the data files of which less than half is in use, if
  /// these can then be removed. False: the latest version stays as it is.
  bool rewrite = true;
};

struct GcReport {
  std::vector<std::uint64_t> versions_removed;  ///< oldest first
  std::uint64_t files_removed = 0;              ///< manifests included
  std::uint64_t bytes_freed = 0;
  std::uint64_t orphans_kept = 0;  ///< unreferenced files that are too young or in use
  std::uint64_t orphan_bytes_kept = 0;
  std::optional<std::uint64_t> rewritten;  ///< the version with rewritten data files
  bool dry_run = false;
  std::vector<std::string> notes;  ///< remarks for the user, one line each
};

/// How much disk space a store takes, as the sum of file sizes in bytes. `bytes` is the sum of
/// `values`, `bookkeeping` and `unreachable`.
struct DiskUsage {
  std::uint64_t bytes = 0;   ///< all files in the store's folder; links are not followed
  std::uint64_t values = 0;  ///< data files that a version refers to
  /// Manifests, transactions, deletion files, tags, and indices that a version uses; also Lance's
  /// managed blobs and branches, which are not examined.
  std::uint64_t bookkeeping = 0;
  std::uint64_t unreachable = 0;  ///< unreferenced files, left by killed saves or other programs
  /// Folders beside the store's, with names such as `.<store>.lancekeep-0123456789abcdef`, that
  /// killed replacements left or running ones use. Not part of `bytes`.
  std::uint64_t beside = 0;
  struct OfVersion {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;      ///< all files it refers to; 0: its manifest is damaged
    std::uint64_t exclusive = 0;  ///< files that no other version refers to
  };
  std::vector<OfVersion> versions;  ///< oldest first
  std::vector<std::string> notes;   ///< damaged versions; folders that could not be read
};

}  // namespace lancekeep
