// SPDX-License-Identifier: Apache-2.0
// The versions of a dataset, as its folder lists them; no manifest is read. Free functions; any
// thread may call them.
#pragma once

#include "io/storage.h"
#include "lance/table/file_names.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

struct VersionEntry {
  std::uint64_t version = 0;
  std::string path;  ///< "_versions/….manifest"
};

struct VersionList {
  NamingScheme scheme = NamingScheme::v2;
  /// Oldest first; without detached versions and temporary files.
  std::vector<VersionEntry> entries;

  /// The highest version that has a manifest file, even a torn one; 0 if none has.
  [[nodiscard]] std::uint64_t newest() const {
    return entries.empty() ? 0 : entries.back().version;
  }
};

/// Empty if the folder does not exist. Throws corrupt if both naming schemes are in use.
[[nodiscard]] VersionList list_versions(const io::Storage& storage);

/// Throws if the path with which `storage` was opened no longer leads to the same folder: conflict
/// if another store is there, not_found if nothing is there.
void require_current(const io::Storage& storage);

}  // namespace lancekeep::lance
