// SPDX-License-Identifier: Apache-2.0
// Locks (flock) on files that are being written and on folders. Any number of threads may use them.
//
// A flock belongs to the open file, which a fork shares with the child, and ends with the last copy
// of the descriptor. So that no child keeps a lock:
//  - Unlocking is explicit (LOCK_UN), which frees the lock for all copies.
//  - In a child, the locked descriptors are made to lead to /dev/null right after the fork, so the
//    lock also ends if the parent is killed. A child that goes on with its parent's save, which it
//    forked off in a callback, cannot write into the parent's files either.
// All functions throw Error with the given name of the file or folder.
#pragma once

#include "io/descriptor.h"
#include "io/storage.h"

#include <memory>
#include <optional>
#include <string>

namespace lancekeep::io {

/// A flock that is held. It does not own the descriptor, and must be destroyed before it.
class FileLock {
 public:
  FileLock() = default;  ///< holds nothing
  /// For a descriptor that has just been locked.
  explicit FileLock(int descriptor);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock() { release(); }
  /// Unlocks now, unless this is a fork of the process that locked.
  void release() noexcept;

 private:
  int descriptor_ = -1;
  pid_t process_ = 0;
};

/// Waits for LOCK_SH on a file that is being written. Holds nothing on a file system without flock:
/// only gc checks the lock, and gc does not run there.
[[nodiscard]] FileLock lock_while_written(int descriptor, const std::string& file);

/// Takes LOCK_EX on a file that will be removed, without waiting; unset if someone is writing it.
/// @throws Error io if the file system has no flock.
[[nodiscard]] std::optional<FileLock> lock_to_remove(int descriptor, const std::string& file);

/// Waits for the lock, with the hooks of lancekeep/wait_hooks.h. `folder` must not share its open
/// file with another descriptor. @throws Error io if the file system has no flock.
[[nodiscard]] std::unique_ptr<FolderLock> lock_folder(Descriptor folder, LockMode mode,
                                                      const std::string& name);

}  // namespace lancekeep::io
