// SPDX-License-Identifier: Apache-2.0
// A store is made by its first save: until then nothing of it is on the disk.
#pragma once

#include "io/storage.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>

namespace lancekeep::store {

/// @throws Error not_found where the folder that `folder` is to be in does not exist.
void require_parent(const std::filesystem::path& folder);

/// A local storage for a folder that need not exist. While it does not, it looks empty, and the
/// first make_folder() makes it, durably, in its parent, which must exist. Until a version has been
/// seen in it, every call looks at the path again: another process may make the folder, or remove it
/// again. Any number of threads may use it.
[[nodiscard]] std::unique_ptr<io::Storage> open_storage_to_be_made(
    const std::filesystem::path& folder);

/// The folder of a store that has no version yet, during the save of one.
///
///  1. Make the folder and `_versions`, and hold a shared lock on the folder. Where a failed first
///     save of another process has removed either before the lock was there, make them again.
///  2. Sync the folder before anything else is made in it: else a power cut could leave a folder
///     that is not empty and does not look like a dataset either.
///  3. If the save fails, take the exclusive lock, unless someone else holds the shared one, and
///     is therefore saving. If there is still no version, remove what step 1 and the save made, as
///     far as it is empty: a save without a version left no file.
class FirstSaveFolder {
 public:
  /// @throws Error invalid_argument where something else than a dataset is in the folder.
  explicit FirstSaveFolder(io::Storage& storage);
  /// Step 3, which removes nothing once there is a version.
  ~FirstSaveFolder();
  FirstSaveFolder(const FirstSaveFolder&) = delete;
  FirstSaveFolder& operator=(const FirstSaveFolder&) = delete;

 private:
  void remove_what_was_made();

  io::Storage& storage_;
  const std::filesystem::path folder_;
  bool was_there_ = false;
  std::set<std::string> were_there_;  // names in it
  std::unique_ptr<io::FolderLock> lock_;
};

}  // namespace lancekeep::store
