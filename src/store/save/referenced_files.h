// SPDX-License-Identifier: Apache-2.0
// The files that a version refers to: their names, whether they exist, and whether they have
// reached the disk.
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
  std::vector<std::string> indices;  ///< folders of indices, "_indices/<uuid>"
  bool is_synced = false;            ///< whether the version says that all of them were synced
};

/// @throws Error if the manifest or its list of indices cannot be read, or if it names files outside
/// of the store.
[[nodiscard]] ReferencedFiles read_referenced_files(const io::Storage& storage,
                                                    const lance::VersionEntry& entry);

/// Whether all data and deletion files of these fragments exist. The answer lasts only while the
/// caller holds the lock of _versions.
[[nodiscard]] bool files_exist(const io::Storage& storage,
                               const std::vector<lance::Fragment>& fragments);

/// Whether the version says that every file it refers to was synced before it was committed.
[[nodiscard]] bool is_synced(const lance::ManifestFile& file);

/// Syncs these files and the folders they are in. Files that do not, or no longer, exist are
/// skipped.
void sync_files(io::Storage& storage, const std::set<std::string>& paths);

/// Syncs everything in the folders that Lance writes, and the store's own name, because saves that
/// were not durable left this to the system.
void sync_dataset(io::Storage& storage);

/// Called before a durable version is built on `base`. Syncs the files of `fragments`, unless
/// `base` says that they were synced; pylance and saves that were not durable do not sync. Files
/// that no longer exist are skipped: files_exist() finds them.
void sync_shared_files(io::Storage& storage, const lance::ManifestFile& base,
                       const std::vector<lance::Fragment>& fragments);

}  // namespace lancekeep::store
