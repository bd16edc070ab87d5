// SPDX-License-Identifier: Apache-2.0
#include "io/file_lock.h"

#include <lancekeep/wait_hooks.h>

#include "io/file_writer.h"
#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <stdexcept>

namespace lancekeep::io {
namespace {

class FileLockTest : public testing::Test {
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

// A child that does nothing, and has copies of the descriptors that are open when it is made.
class IdleChild {
 public:
  IdleChild() : process_(::fork()) {
    while (process_ == 0) ::pause();
  }
  ~IdleChild() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  IdleChild(const IdleChild&) = delete;
  IdleChild& operator=(const IdleChild&) = delete;

 private:
  const pid_t process_;
};

TEST_F(FileLockTest, SharedExcludesExclusiveOnly) {
  auto lock = lock_folder(open(), LockMode::shared, "f");
  const auto another = lock_folder(open(), LockMode::shared, "f");
  EXPECT_FALSE(is_free_for(LOCK_EX));
  EXPECT_TRUE(is_free_for(LOCK_SH));
  lock.reset();
  EXPECT_FALSE(is_free_for(LOCK_EX));
}

TEST_F(FileLockTest, ExclusiveExcludesAllUntilDestroyed) {
  auto lock = lock_folder(open(), LockMode::exclusive, "f");
  EXPECT_FALSE(is_free_for(LOCK_SH));
  lock.reset();
  EXPECT_TRUE(is_free_for(LOCK_EX));
}

TEST_F(FileLockTest, WaitsForTheOtherLock) {
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
TEST_F(FileLockTest, ReportsAFileSystemWithoutLocks) {
  EXPECT_THAT([&] { (void)lock_folder(open(O_PATH), LockMode::exclusive, "f"); },
              fails_with(ErrorCode::io, "f: this file system has no locks (flock)"));
}

TEST_F(FileLockTest, WritingNeedsNoLocks) {
  EXPECT_NO_THROW((void)lock_while_written(open(O_PATH).get(), "f"));
}

TEST_F(FileLockTest, AChildDoesNotKeepALockThatItsParentReleases) {
  for (const LockMode mode : {LockMode::shared, LockMode::exclusive}) {
    auto lock = lock_folder(open(), mode, "f");
    const IdleChild child;
    EXPECT_FALSE(is_free_for(LOCK_EX));
    lock.reset();
    EXPECT_TRUE(is_free_for(LOCK_EX));
  }
}

TEST_F(FileLockTest, AChildDoesNotKeepTheLockOfAFileThatItsParentWrote) {
  const auto storage = open_local_storage(folder_.path());
  auto file = storage->create("a");
  const IdleChild child;
  EXPECT_FALSE(storage->remove_unused("a"));
  file.reset();
  EXPECT_TRUE(storage->remove_unused("a"));
}

TEST_F(FileLockTest, AChildDoesNotKeepTheLockOfAFileThatItsParentWantedToRemove) {
  const Descriptor file = open();
  auto lock = lock_to_remove(file.get(), "f");
  const IdleChild child;
  EXPECT_FALSE(is_free_for(LOCK_SH));
  lock.reset();
  EXPECT_TRUE(is_free_for(LOCK_SH));
}

// The lock ends with the parent, even if a signal kills it and its child lives on.
TEST_F(FileLockTest, AChildDoesNotKeepTheLockOfAParentThatIsKilled) {
  int grandchild[2];
  ASSERT_EQ(::pipe(grandchild), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto lock = lock_folder(open(), LockMode::exclusive, "f");
    const pid_t child = ::fork();
    while (child == 0) ::pause();
    if (::write(grandchild[1], &child, sizeof(child)) != sizeof(child)) ::_exit(1);
    while (true) ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(grandchild[0], &child, sizeof(child)), static_cast<ssize_t>(sizeof(child)));
  EXPECT_FALSE(is_free_for(LOCK_EX));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(is_free_for(LOCK_EX));
  ::kill(child, SIGKILL);
}

TEST_F(FileLockTest, AChildDoesNotReleaseTheLockOfItsParent) {
  const auto storage = open_local_storage(folder_.path());
  auto lock = lock_folder(open(), LockMode::exclusive, "f");
  auto file = storage->create("a");
  const pid_t child = ::fork();
  if (child == 0) {
    lock.reset();
    file.reset();
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(is_free_for(LOCK_SH));
  EXPECT_FALSE(storage->remove_unused("a"));
  EXPECT_NO_THROW(file->write("still open"));
}

TEST_F(FileLockTest, AWaitEndsIfTheCallerWantsIt) {
  const auto lock = lock_folder(open(), LockMode::shared, "f");
  int calls = 0;
  const WaitScope scope({.check = [&] {
    if (++calls == 3) throw std::runtime_error("Ctrl-C");
  }});
  EXPECT_THROW((void)lock_folder(open(), LockMode::exclusive, "f"), std::runtime_error);
  EXPECT_EQ(calls, 3);
}

TEST_F(FileLockTest, AfterASecondItSaysWhoHoldsTheLock) {
  const auto lock = lock_folder(open(), LockMode::shared, "f");
  std::vector<std::string> lines;
  const WaitScope outer({.notice = [&](const std::string&) { ADD_FAILURE(); }});
  {
    const WaitScope scope({.check =
                               [&] {
                                 if (!lines.empty()) throw std::runtime_error("enough");
                               },
                           .notice = [&](const std::string& line) { lines.push_back(line); }});
    EXPECT_THROW((void)lock_folder(open(), LockMode::exclusive, "f"), std::runtime_error);
  }
  EXPECT_THAT(lines, testing::ElementsAre(testing::StartsWith(
                         "waiting for the lock of f, which is held by this process, " +
                         std::to_string(::getpid()))));
}

TEST_F(FileLockTest, NamesAnotherProcessWithItsCommand) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = lock_folder(open(), LockMode::exclusive, "f");
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  std::string told;
  const WaitScope scope({.notice = [&](const std::string& line) {
    told = line;
    throw std::runtime_error("enough");
  }});
  EXPECT_THROW((void)lock_folder(open(), LockMode::shared, "f"), std::runtime_error);
  EXPECT_THAT(told, testing::HasSubstr("held by process " + std::to_string(holder) + " ("));
  EXPECT_THAT(told, testing::HasSubstr("io_test"));  // its command line
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
}

}  // namespace
}  // namespace lancekeep::io
