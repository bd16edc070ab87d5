// SPDX-License-Identifier: Apache-2.0
#include "io/folder.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>

#include <atomic>
#include <future>

namespace lancekeep::io {
namespace {

class FolderLockTest : public testing::Test {
 protected:
  Descriptor open(int flags = O_RDONLY) const {
    return Descriptor(::open(folder_.path().c_str(), flags | O_DIRECTORY | O_CLOEXEC));
  }
  bool is_free_for(int operation) const {
    const Descriptor probe = open();
    return ::flock(probe.get(), operation | LOCK_NB) == 0;
  }
  TemporaryFolder folder_;
};

TEST_F(FolderLockTest, SharedExcludesExclusiveOnly) {
  auto lock = lock_folder(open(), LockMode::shared, "f");
  const auto another = lock_folder(open(), LockMode::shared, "f");
  EXPECT_FALSE(is_free_for(LOCK_EX));
  EXPECT_TRUE(is_free_for(LOCK_SH));
  lock.reset();
  EXPECT_FALSE(is_free_for(LOCK_EX));
}

TEST_F(FolderLockTest, ExclusiveExcludesAllUntilDestroyed) {
  auto lock = lock_folder(open(), LockMode::exclusive, "f");
  EXPECT_FALSE(is_free_for(LOCK_SH));
  lock.reset();
  EXPECT_TRUE(is_free_for(LOCK_EX));
}

TEST_F(FolderLockTest, WaitsForTheOtherLock) {
  auto lock = lock_folder(open(), LockMode::shared, "f");
  std::atomic<bool> is_released = false;
  auto waiting = std::async(std::launch::async, [&] {
    const auto other = lock_folder(open(), LockMode::exclusive, "f");
    return is_released.load();
  });
  is_released = true;
  lock.reset();
  EXPECT_TRUE(waiting.get());
}

// An O_PATH descriptor cannot be locked, like any descriptor on some file systems.
TEST_F(FolderLockTest, ReportsAFileSystemWithoutLocks) {
  EXPECT_THAT([&] { (void)lock_folder(open(O_PATH), LockMode::exclusive, "f"); },
              fails_with(ErrorCode::io, "f: this file system has no locks (flock)"));
}

TEST_F(FolderLockTest, WritingNeedsNoLocks) {
  EXPECT_NO_THROW(lock_while_written(open(O_PATH).get(), "f"));
}

}  // namespace
}  // namespace lancekeep::io
