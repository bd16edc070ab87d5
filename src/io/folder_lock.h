// SPDX-License-Identifier: Apache-2.0
// flock(2) as the store uses it. A lock belongs to the open file, so it ends with the last
// descriptor, also when the process dies.
#pragma once

#include "io/descriptor.h"
#include "io/storage.h"

namespace lancekeep::io {

/// Waits for LOCK_SH on a file that is being written; goes on without where the file system has no
/// flock, since only clean-ups look at it, and they refuse to run there.
void lock_while_written(int descriptor, const std::string& file);

/// LOCK_EX on a file that is to be removed, without waiting: false where someone is writing it.
/// @throws Error io where there is no flock.
[[nodiscard]] bool lock_to_remove(int descriptor, const std::string& file);

/// Waits for the lock. `folder` is a descriptor of its own. @throws Error io where there is no
/// flock.
[[nodiscard]] std::unique_ptr<FolderLock> lock_folder(Descriptor folder, LockMode mode,
                                                      const std::string& file);

}  // namespace lancekeep::io
