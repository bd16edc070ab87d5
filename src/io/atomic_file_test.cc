// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lancekeep::io {
namespace {

// Makes a write beyond the limit an error, as on a full disk; without this the signal ends the
// process.
void limit_file_sizes_to(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit = {bytes, bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

class AtomicFileTest : public testing::Test {
 protected:
  static void write(AtomicFile& file, const std::string& text) {
    file.write(std::as_bytes(std::span(text)));
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "model";
};

TEST_F(AtomicFileTest, AppearsWholeWithCommit) {
  {
    AtomicFile file(path_);
    write(file, "abc");
    write(file, "de");
    EXPECT_EQ(file.position(), 5u);
    EXPECT_FALSE(std::filesystem::exists(path_));
    file.commit();
  }
  EXPECT_EQ(folder_.read("model"), "abcde");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, ReplacesWhatWasWritten) {
  AtomicFile file(path_);
  write(file, "abcde");
  const std::string other = "BC";
  file.rewrite(1, std::as_bytes(std::span(other)));
  EXPECT_EQ(file.position(), 5u);
  file.commit();
  EXPECT_EQ(folder_.read("model"), "aBCde");
}

TEST_F(AtomicFileTest, LeavesNothingBehindWithoutCommit) {
  folder_.write("model", "old");
  {
    AtomicFile file(path_);
    write(file, "abc");
    EXPECT_EQ(files(), 2u);
  }
  EXPECT_EQ(folder_.read("model"), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, ReplacesAFileAndKeepsItsPermissions) {
  folder_.write("model", "old");
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  AtomicFile file(path_);
  write(file, "new");
  file.commit();
  EXPECT_EQ(folder_.read("model"), "new");
  struct stat status = {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(AtomicFileTest, TakesTheLongestNameThereIs) {
  const std::string name(255, 'x');
  AtomicFile file(folder_.path() / name);
  write(file, "abc");
  file.commit();
  EXPECT_EQ(folder_.read(name), "abc");
}

TEST_F(AtomicFileTest, CommitsOnce) {
  AtomicFile file(path_);
  file.commit();
  EXPECT_THAT([&] { file.commit(); }, fails_with(ErrorCode::io, "model: an earlier call"));
  EXPECT_THAT([&] { write(file, "abc"); }, fails_with(ErrorCode::io, "model: an earlier call"));
}

TEST_F(AtomicFileTest, LeavesNothingBehindWhereTheNameWasTakenByAFolder) {
  {
    AtomicFile file(path_);
    std::filesystem::create_directory(path_);
    EXPECT_THAT([&] { file.commit(); },
                fails_with(ErrorCode::io, "model: cannot give the finished file its name"));
  }
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, RefusesAMissingFolder) {
  EXPECT_THAT([&] { AtomicFile(folder_.path() / "none/model"); },
              fails_with(ErrorCode::not_found, "none: cannot open the folder"));
}

TEST_F(AtomicFileTest, RefusesAFolder) {
  EXPECT_THAT(
      [&] { AtomicFile(folder_.path()); },
      fails_with(ErrorCode::invalid_argument, "expected the name of a file, found a folder"));
  EXPECT_THAT([&] { AtomicFile(folder_.path() / ""); },
              fails_with(ErrorCode::invalid_argument, "expected the name of a file"));
}

TEST_F(AtomicFileTest, RefusesAPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT([&] { AtomicFile{path_}; },
              fails_with(ErrorCode::invalid_argument, "found a device or pipe"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, RefusesANulInThePath) {
  EXPECT_THAT([&] { AtomicFile(path_.string() + std::string("\0x", 2)); },
              fails_with(ErrorCode::invalid_argument, "a NUL in it"));
}

TEST_F(AtomicFileTest, LeavesTheOldFileWhereSpaceRunsOut) {
  folder_.write("model", "old");
  EXPECT_EXIT(
      {
        limit_file_sizes_to(1000);
        ErrorCode code = ErrorCode::io;
        try {
          AtomicFile file(path_);
          write(file, std::string(3000, 'x'));
        } catch (const Error& error) {
          code = error.code();
        }
        ::_exit(code == ErrorCode::out_of_space ? 3 : 0);
      },
      testing::ExitedWithCode(3), "");
  EXPECT_EQ(folder_.read("model"), "old");
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace lancekeep::io
