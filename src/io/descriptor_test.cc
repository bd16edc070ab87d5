// SPDX-License-Identifier: Apache-2.0
#include "io/descriptor.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <limits>

namespace lancekeep::io {
namespace {

bool is_open(int number) { return ::fcntl(number, F_GETFD) != -1; }

TEST(Descriptor, ClosesItselfOnce) {
  int number = -1;
  {
    Descriptor first(::open("/", O_PATH | O_CLOEXEC));
    number = first.get();
    const Descriptor second = std::move(first);
    EXPECT_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(second.get(), number);
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, CloseReportsErrors) {
  Descriptor wrong(std::numeric_limits<int>::max());
  EXPECT_THAT([&] { wrong.close("f"); }, fails_with(ErrorCode::io, "f: cannot close"));
  EXPECT_FALSE(wrong.is_open());
}

TEST(SystemError, HasTheCodeOfItsErrno) {
  EXPECT_THAT([] { throw_system_error(ENOENT, "open", "f"); },
              fails_with(ErrorCode::not_found, "f: cannot open: No such file or directory"));
  EXPECT_THAT([] { throw_system_error(EEXIST, "create", "f"); },
              fails_with(ErrorCode::already_exists, "cannot create"));
  EXPECT_THAT([] { throw_system_error(EACCES, "open", "f"); },
              fails_with(ErrorCode::io, "Permission denied"));
}

TEST(SystemError, SaysWhatToDoWhenSpaceRunsOut) {
  EXPECT_THAT([] { throw_system_error(ENOSPC, "write", "f"); },
              fails_with(ErrorCode::out_of_space, "free some space"));
  EXPECT_THAT([] { throw_system_error(EDQUOT, "write", "f"); },
              fails_with(ErrorCode::out_of_space, "raise the quota"));
  EXPECT_THAT([] { throw_system_error(EFBIG, "write", "f"); },
              fails_with(ErrorCode::out_of_space, "ulimit -f"));
}

TEST(ReadExactly, RejectsOffsetsThatNoFileHas) {
  const TemporaryFolder folder;
  const Descriptor file(::open(folder.write("f", "abc").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<std::byte, 1> out;
  EXPECT_THAT([&] { read_exactly(file.get(), std::uint64_t{1} << 63, out, "f"); },
              fails_with(ErrorCode::corrupt, "the offset is larger than any file"));
}

TEST(SyncFile, FailsIfTheSystemCallFails) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor reading(ends[0]);
  const Descriptor writing(ends[1]);
  EXPECT_THAT([&] { sync_file(writing.get(), "f"); },
              fails_with(ErrorCode::io, "f: cannot sync the file"));
}

TEST(SyncFolder, RejectsAFile) {
  const TemporaryFolder folder;
  const auto file = folder.write("f", "abc");
  EXPECT_THAT([&] { sync_folder_at(AT_FDCWD, file.c_str(), "f"); },
              fails_with(ErrorCode::io, "cannot open the folder: Not a directory"));
}

// A pipe accepts a part at a time, and every signal interrupts a waiting write.
TEST(WriteAll, ContinuesAfterShortWritesAndSignals) {
  struct sigaction interrupt = {};
  interrupt.sa_handler = [](int) {};
  struct sigaction before = {};
  ASSERT_EQ(::sigaction(SIGUSR1, &interrupt, &before), 0);
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor reading(ends[0]);

  std::string content(std::size_t{4} << 20, '\0');
  for (std::size_t i = 0; i < content.size(); ++i)
    content[i] = static_cast<char>(i * 2654435761u >> 24);
  std::promise<pthread_t> started;
  auto thread = started.get_future();
  auto writer = std::async(std::launch::async, [&, end = ends[1]] {
    const Descriptor writing(end);
    started.set_value(::pthread_self());
    write_all(writing.get(), std::as_bytes(std::span(content)), "pipe");
  });
  const pthread_t target = thread.get();

  std::string received;
  std::array<char, 20'000> piece;
  while (received.size() < content.size()) {
    ::pthread_kill(target, SIGUSR1);
    const ssize_t got = ::read(reading.get(), piece.data(), piece.size());
    if (got == 0) break;
    if (got > 0) received.append(piece.data(), static_cast<std::size_t>(got));
  }
  writer.get();
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(received == content);
}

}  // namespace
}  // namespace lancekeep::io
