// SPDX-License-Identifier: Apache-2.0
// Which files a version stands on.
#pragma once

#include "io/storage.h"
#include "lance/table/version_list.h"

#include <map>
#include <string>
#include <vector>

namespace lancekeep::store {

/// Entries of a store by their paths; see io::walk_folder.
using Files = std::map<std::string, io::FolderEntry>;

struct VersionFiles {
  lance::Manifest manifest;
  /// Data, deletion and transaction files, and the manifest itself. Blobs that lie beside a data
  /// file go by its name (lance::owner_of_sidecar).
  std::vector<std::string> names;
  bool is_synced = false;  ///< it says that all of them are on the disk
};

/// Throws where the manifest cannot be read, or names files outside of the store.
[[nodiscard]] VersionFiles read_version_files(const io::Storage& storage,
                                              const lance::VersionEntry& entry);

}  // namespace lancekeep::store
