// SPDX-License-Identifier: Apache-2.0
#include "io/folder_lock.h"

#include <sys/file.h>

namespace lancekeep::io {
namespace {

bool means_no_flock(int error) {
  // EBADF: NFS, where an exclusive lock needs a descriptor that may write, which a folder's may
  // not.
  return error == EOPNOTSUPP || error == ENOLCK || error == ENOSYS || error == EINVAL ||
         error == EBADF;
}

[[noreturn]] void throw_no_flock(const std::string& file) {
  throw Error(ErrorCode::io,
              "this file system has no locks (flock), which keep a save and a clean-up apart; keep "
              "the store on one that has, such as a local disk",
              file);
}

class HeldLock : public FolderLock {
 public:
  explicit HeldLock(Descriptor folder) : folder_(std::move(folder)) {}

 private:
  Descriptor folder_;
};

}  // namespace

void lock_while_written(int descriptor, const std::string& file) {
  if (retry_interrupted([&] { return ::flock(descriptor, LOCK_SH); }) == 0) return;
  if (!means_no_flock(errno)) throw_system_error(errno, "lock", file);
}

bool lock_to_remove(int descriptor, const std::string& file) {
  if (retry_interrupted([&] { return ::flock(descriptor, LOCK_EX | LOCK_NB); }) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  if (means_no_flock(errno)) throw_no_flock(file);
  throw_system_error(errno, "lock", file);
}

std::unique_ptr<FolderLock> lock_folder(Descriptor folder, LockMode mode, const std::string& file) {
  const int operation = mode == LockMode::shared ? LOCK_SH : LOCK_EX;
  if (retry_interrupted([&] { return ::flock(folder.get(), operation); }) == 0) {
    return std::make_unique<HeldLock>(std::move(folder));
  }
  if (means_no_flock(errno)) throw_no_flock(file);
  throw_system_error(errno, "lock the folder", file);
}

}  // namespace lancekeep::io
