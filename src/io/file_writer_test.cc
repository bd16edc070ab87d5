// SPDX-License-Identifier: Apache-2.0
#include "io/file_writer.h"

#include "io/testing/error_matcher.h"
#include "io/testing/file_size_limit.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>

namespace lancekeep::io {
namespace {

class FileWriterTest : public testing::Test {
 protected:
  FileWriter writer(int flags = O_WRONLY) const {
    Descriptor file(::open(path_.c_str(), flags | O_CLOEXEC));
    EXPECT_TRUE(file.is_open());
    return FileWriter(std::move(file), "f");
  }
  static std::span<const std::byte> bytes(const std::string& text) {
    return std::as_bytes(std::span(text));
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.write("f", "");
};

TEST_F(FileWriterTest, WritesFrontToBack) {
  FileWriter file = writer();
  file.write(bytes("abc"));
  file.write(bytes(""));
  file.write(bytes("de"));
  EXPECT_EQ(file.position(), 5u);
  file.flush();
  file.sync();
  file.close();
  EXPECT_EQ(folder_.read("f"), "abcde");
}

TEST_F(FileWriterTest, ReplacesWhatWasWritten) {
  FileWriter file = writer();
  file.write(bytes("abcdef"));
  file.rewrite(1, bytes("BC"));
  file.write(bytes("gh"));
  file.rewrite(7, bytes("H"));
  EXPECT_EQ(file.position(), 8u);
  file.close();
  EXPECT_EQ(folder_.read("f"), "aBCdefgH");
}

TEST_F(FileWriterTest, RewritesOnlyWrittenBytes) {
  FileWriter file = writer();
  file.write(bytes("abc"));
  EXPECT_THAT([&] { file.rewrite(2, bytes("xy")); },
              fails_with(ErrorCode::invalid_argument, "only 3 were written"));
  EXPECT_THAT([&] { file.rewrite(UINT64_MAX, bytes("x")); },
              fails_with(ErrorCode::invalid_argument, "only 3 were written"));
  file.close();
  EXPECT_EQ(folder_.read("f"), "abc");
}

TEST_F(FileWriterTest, WritesMoreThanOneStepOfWriteBack) {
  const std::string content(std::size_t{21} << 20, 'x');
  FileWriter file = writer();
  file.write(bytes("head"));
  file.write(bytes(content));
  file.sync();
  EXPECT_EQ(file.position(), content.size() + 4);
  EXPECT_TRUE(folder_.read("f") == "head" + content);
}

TEST_F(FileWriterTest, AFailedWriteIsNeverForgotten) {
  FileWriter file = writer(O_RDONLY);
  EXPECT_THAT([&] { file.write(bytes("abc")); },
              fails_with(ErrorCode::io, "f: cannot write: Bad file descriptor"));
  EXPECT_THAT([&] { file.sync(); }, fails_with(ErrorCode::io, "f: an earlier call on this file"));
  EXPECT_THAT([&] { file.close(); }, fails_with(ErrorCode::io, "f: an earlier call on this file"));
}

TEST_F(FileWriterTest, AFailedSyncIsNeverTriedAgain) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor reading(ends[0]);
  FileWriter file(Descriptor(ends[1]), "f");
  EXPECT_THAT([&] { file.sync(); }, fails_with(ErrorCode::io, "cannot sync the file"));
  EXPECT_THAT([&] { file.sync(); }, fails_with(ErrorCode::io, "an earlier call on this file"));
  EXPECT_THAT([&] { file.write(bytes("abc")); },
              fails_with(ErrorCode::io, "an earlier call on this file"));
}

TEST_F(FileWriterTest, NothingFollowsClose) {
  FileWriter file = writer();
  file.close();
  EXPECT_THAT([&] { file.write(bytes("abc")); },
              fails_with(ErrorCode::io, "an earlier call on this file failed or closed it"));
}

TEST_F(FileWriterTest, FlushKeepsTheLock) {
  Descriptor descriptor(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(descriptor.get(), LOCK_SH), 0);
  FileWriter file(std::move(descriptor), "f");
  file.write(bytes("abc"));
  file.flush();
  const Descriptor probe(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::flock(probe.get(), LOCK_EX | LOCK_NB), -1);
  file.close();
  EXPECT_EQ(::flock(probe.get(), LOCK_EX | LOCK_NB), 0);
}

// The system writes what fits the limit and rejects the rest of the same write.
TEST_F(FileWriterTest, SaysOutOfSpaceAfterAShortWrite) {
  EXPECT_EXIT(
      {
        limit_file_sizes_to(1000);
        FileWriter file = writer();
        try {
          file.write(bytes(std::string(3000, 'x')));
        } catch (const Error& error) {
          std::fprintf(stderr, "%s: %s\n", to_string(error.code()), error.what());
          ::_exit(3);
        }
        ::_exit(0);
      },
      testing::ExitedWithCode(3), "out_of_space: f: cannot write: File too large; .*ulimit -f");
  EXPECT_EQ(folder_.read("f").size(), 1000u);
}

}  // namespace
}  // namespace lancekeep::io
