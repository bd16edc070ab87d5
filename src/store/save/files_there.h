// SPDX-License-Identifier: Apache-2.0
// What a version is to stand on, where others wrote it: whether it is still there (asked under the
// publish lock, where it stays), and whether it is on the disk.
#pragma once

#include "io/storage.h"
#include "lance/table/manifest_file.h"

#include <set>

namespace lancekeep::store {

[[nodiscard]] bool files_are_there(const io::Storage& storage,
                                   const std::vector<lance::Fragment>& fragments);

/// Whether the version says that every file it stands on was synced before it was published.
[[nodiscard]] bool is_synced(const lance::ManifestFile& file);

/// Brings files to the disk, and their names. What is not there (any more) is passed over.
void sync_files(io::Storage& storage, const std::set<std::string>& paths);

/// Before a durable version is built upon `base`, or with its files: where nobody has synced these
/// (a save that was not durable, pylance), brings those of `fragments` to the disk, and their
/// names. What is not there any more is left for files_are_there() to find.
void sync_what_is_shared(io::Storage& storage, const lance::ManifestFile& base,
                         const std::vector<lance::Fragment>& fragments);

}  // namespace lancekeep::store
