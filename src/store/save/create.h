// SPDX-License-Identifier: Apache-2.0
// Making a store. The first save does it: until then nothing of the store is on the disk.
#pragma once

#include "io/storage.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>

namespace lancekeep::store {

/// @throws Error invalid_argument if the path has the name of a file, such as `model.safetensors`:
/// someone who expects a file there would find a folder.
void require_store_name(const std::filesystem::path& path);

/// @throws Error not_found if the parent of `folder` does not exist.
void require_parent(const std::filesystem::path& folder);

/// A local storage for a folder that need not exist yet. While the folder does not exist, it looks
/// empty; the first make_folder() makes it durably, in its parent, which must exist. Until a
/// version has been seen in the folder, every call looks at the path again, because another process
/// may make or remove the folder. Any number of threads may use it.
[[nodiscard]] std::unique_ptr<io::Storage> open_storage_to_be_made(
    const std::filesystem::path& folder);

/// The folder of a store that has no version yet, during the save of one.
///
///  1. Make the folder and `_versions`, and hold a shared lock on the folder. If another
///     process, whose first save failed, has removed either before the lock was taken, make them
///     again.
///  2. Sync the folder before anything else is made in it: else a power cut could leave a folder
///     that is not empty and does not look like a dataset either.
///  3. If the save fails, take the exclusive lock, unless someone else holds the shared lock and is
///     therefore saving. If there is still no version, remove the folders that step 1 and the save
///     made, if they are empty: a save that committed no version leaves no file.
class FirstSaveFolder {
 public:
  /// @throws Error invalid_argument if the folder contains anything other than a dataset; conflict
  /// if `storage` is the folder of a store that was replaced.
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
  std::set<std::string> were_there_;  // the names in the folder before
  std::unique_ptr<io::FolderLock> lock_;
};

}  // namespace lancekeep::store
