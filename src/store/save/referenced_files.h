// SPDX-License-Identifier: Apache-2.0
// The files that a version refers to: which they are, whether they exist, and whether they are on
// the disk.
#pragma once

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"

#include <set>
#include <string>
#include <vector>

namespace lancekeep::store {

struct ReferencedFiles {
  lance::Manifest manifest;
  /// Paths of data, deletion and transaction files, and of the manifest itself. Blobs beside a data
  /// file belong to that file (lance::owner_of_sidecar).
  std::vector<std::string> names;
  bool is_synced = false;  ///< the version says that all of them were synced
};

/// @throws Error if the manifest cannot be read, or names files outside of the store.
[[nodiscard]] ReferencedFiles read_referenced_files(const io::Storage& storage,
                                                    const lance::VersionEntry& entry);

/// Whether all data and deletion files of these fragments exist. The answer lasts only while the
/// caller holds the lock of _versions.
[[nodiscard]] bool files_exist(const io::Storage& storage,
                               const std::vector<lance::Fragment>& fragments);

/// Whether the version says that every file it refers to was synced before it was published.
[[nodiscard]] bool is_synced(const lance::ManifestFile& file);

/// Syncs these files and the folders they are in. Files that do not exist (any more) are skipped.
void sync_files(io::Storage& storage, const std::set<std::string>& paths);

/// Syncs everything in the folders that Lance writes, and the store's own name: what saves that
/// were not durable have left to the system.
void sync_dataset(io::Storage& storage);

/// Before a durable version is built on `base`: syncs the files of `fragments` unless `base` says
/// that this was done (it was not by a save without fsync, nor by pylance). Files that do not exist
/// any more are left for files_exist() to find.
void sync_shared_files(io::Storage& storage, const lance::ManifestFile& base,
                       const std::vector<lance::Fragment>& fragments);

}  // namespace lancekeep::store
