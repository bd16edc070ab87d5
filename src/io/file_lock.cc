// SPDX-License-Identifier: Apache-2.0
#include "io/file_lock.h"

#include "io/lock_holders.h"
#include "io/waiting.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace lancekeep::io {
namespace {

using Clock = std::chrono::steady_clock;

// The descriptors of this process that hold a lock. Never destroyed: a fork may come at any time.
struct LockedDescriptors {
  std::mutex mutex;
  std::vector<int> all;
};

LockedDescriptors& locked_descriptors() {
  static LockedDescriptors& locked = *new LockedDescriptors;
  // The mutex is held during the fork, so the child finds the list whole.
  static const int registered =
      ::pthread_atfork([] { locked.mutex.lock(); }, [] { locked.mutex.unlock(); },
                       [] {
                         const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
                         for (const int descriptor : locked.all) {
                           // The number stays taken: someone in the child may still close it.
                           if (nowhere >= 0) (void)::dup3(nowhere, descriptor, O_CLOEXEC);
                         }
                         if (nowhere >= 0) ::close(nowhere);
                         locked.all.clear();
                         locked.mutex.unlock();
                       });
  (void)registered;
  return locked;
}

bool means_no_flock(int error) {
  // EBADF: on NFS an exclusive lock needs a writable descriptor, and a folder's is not.
  return error == EOPNOTSUPP || error == ENOLCK || error == ENOSYS || error == EINVAL ||
         error == EBADF;
}

[[noreturn]] void throw_no_flock(const std::string& file) {
  throw Error(ErrorCode::io,
              "this file system has no locks (flock), which keep gc from deleting the files of a "
              "running save; keep the store on one that has them, such as a local disk",
              file);
}

// Returns 0, or the error; EWOULDBLOCK if someone else holds the lock.
int try_lock(int descriptor, int operation) {
  if (retry_interrupted([&] { return ::flock(descriptor, operation | LOCK_NB); }) == 0) return 0;
  return errno;
}

// The pauses between the attempts to get a lock. A blocking flock() would not do: a signal wakes it
// only if it happens to be delivered to this thread.
class LockWait {
 public:
  LockWait(int descriptor, const std::string& name) : descriptor_(descriptor), name_(name) {}

  void pause() {
    check_interrupts();
    std::this_thread::sleep_for(pause_);
    pause_ = std::min(pause_ * 2, kLongestPause);
    if (has_told_ || Clock::now() - start_ < kPatience) return;
    has_told_ = true;
    notify_waiting(fmt::format("waiting for the lock of {}, which is held by {}", name_,
                               describe_lock_holders(descriptor_)));
  }

 private:
  static constexpr std::chrono::milliseconds kLongestPause{8};
  static constexpr std::chrono::seconds kPatience{1};
  const int descriptor_;
  const std::string& name_;
  const Clock::time_point start_ = Clock::now();
  std::chrono::milliseconds pause_{1};
  bool has_told_ = false;
};

// Returns 0 once the lock is held, or the error.
int wait_for_lock(int descriptor, int operation, const std::string& name) {
  LockWait wait(descriptor, name);
  while (true) {
    const int error = try_lock(descriptor, operation);
    if (error != EWOULDBLOCK) return error;
    wait.pause();
  }
}

class HeldLock : public FolderLock {
 public:
  explicit HeldLock(Descriptor folder) : folder_(std::move(folder)), lock_(folder_.get()) {}

 private:
  Descriptor folder_;
  FileLock lock_;  // released before the descriptor is closed
};

}  // namespace

FileLock::FileLock(int descriptor) : descriptor_(descriptor), process_(::getpid()) {
  LockedDescriptors& locked = locked_descriptors();
  const std::lock_guard guard(locked.mutex);
  locked.all.push_back(descriptor);
}

FileLock::FileLock(FileLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), process_(other.process_) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(process_, other.process_);
  return *this;
}

void FileLock::release() noexcept {
  if (descriptor_ < 0) return;
  const int descriptor = std::exchange(descriptor_, -1);
  if (::getpid() != process_) return;  // the lock is the parent's
  // Unlock before the list forgets it: a fork in between finds the lock free, or closes its copy.
  (void)::flock(descriptor, LOCK_UN);
  LockedDescriptors& locked = locked_descriptors();
  const std::lock_guard guard(locked.mutex);
  const auto found = std::ranges::find(locked.all, descriptor);
  if (found != locked.all.end()) locked.all.erase(found);
}

FileLock lock_while_written(int descriptor, const std::string& file) {
  const int error = wait_for_lock(descriptor, LOCK_SH, file);
  if (error == 0) return FileLock(descriptor);
  if (!means_no_flock(error)) throw_system_error(error, "lock", file);
  return {};
}

std::optional<FileLock> lock_to_remove(int descriptor, const std::string& file) {
  const int error = try_lock(descriptor, LOCK_EX);
  if (error == 0) return FileLock(descriptor);
  if (error == EWOULDBLOCK) return std::nullopt;
  if (means_no_flock(error)) throw_no_flock(file);
  throw_system_error(error, "lock", file);
}

std::unique_ptr<FolderLock> lock_folder(Descriptor folder, LockMode mode, const std::string& name) {
  const int operation = mode == LockMode::shared ? LOCK_SH : LOCK_EX;
  const int error = wait_for_lock(folder.get(), operation, name);
  if (error == 0) return std::make_unique<HeldLock>(std::move(folder));
  if (means_no_flock(error)) throw_no_flock(name);
  throw_system_error(error, "lock the folder", name);
}

}  // namespace lancekeep::io
