// SPDX-License-Identifier: Apache-2.0
// What LocalStorage asks the system about folders: their entries, and flock(2) on them and on
// files.
//
// A lock belongs to the open file, so it ends with the last descriptor, even if the process dies.
// All functions throw Error with the given name of the file or folder.
#pragma once

#include "io/descriptor.h"
#include "io/storage.h"

#include <memory>
#include <string>
#include <vector>

namespace lancekeep::io {

/// All entries of `folder` except "." and "..", in any order.
[[nodiscard]] std::vector<FolderEntry> list_folder(Descriptor folder, const std::string& name);
/// The names of the entries that are not folders. Faster, since it needs no system call per entry.
[[nodiscard]] std::vector<std::string> file_names_of(Descriptor folder, const std::string& name);

/// Waits for LOCK_SH on a file that is being written. Does nothing on a file system without flock:
/// only gc checks the lock, and gc does not run there.
void lock_while_written(int descriptor, const std::string& file);

/// Takes LOCK_EX on a file that will be removed, without waiting; false if someone is writing it.
/// @throws Error io if the file system has no flock.
[[nodiscard]] bool lock_to_remove(int descriptor, const std::string& file);

/// Waits for the lock. `folder` must not share its open file with another descriptor.
/// @throws Error io if the file system has no flock.
[[nodiscard]] std::unique_ptr<FolderLock> lock_folder(Descriptor folder, LockMode mode,
                                                      const std::string& name);

}  // namespace lancekeep::io
