// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.h"

#include "io/testing/error_matcher.h"
#include "io/testing/file_size_limit.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <set>

namespace lancekeep::io {
namespace {

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

TEST_F(AtomicFileTest, AcceptsANameOfMaximumLength) {
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

TEST_F(AtomicFileTest, LeavesNothingBehindIfAFolderTookTheName) {
  {
    AtomicFile file(path_);
    std::filesystem::create_directory(path_);
    EXPECT_THAT([&] { file.commit(); },
                fails_with(ErrorCode::io, "model: cannot rename the finished file"));
  }
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, RejectsAMissingFolder) {
  EXPECT_THAT([&] { AtomicFile(folder_.path() / "none/model"); },
              fails_with(ErrorCode::not_found, "none: cannot open the folder"));
}

TEST_F(AtomicFileTest, RejectsAFolder) {
  EXPECT_THAT(
      [&] { AtomicFile(folder_.path()); },
      fails_with(ErrorCode::invalid_argument, "expected the name of a file, found a folder"));
  EXPECT_THAT([&] { AtomicFile(folder_.path() / ""); },
              fails_with(ErrorCode::invalid_argument, "expected the name of a file"));
}

TEST_F(AtomicFileTest, RejectsAPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT([&] { AtomicFile{path_}; },
              fails_with(ErrorCode::invalid_argument, "found a device or pipe"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, RejectsANulInThePath) {
  EXPECT_THAT([&] { AtomicFile(path_.string() + std::string("\0x", 2)); },
              fails_with(ErrorCode::invalid_argument, "a NUL in it"));
}

TEST_F(AtomicFileTest, LeavesTheOldFileIfSpaceRunsOut) {
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

using testing::ElementsAre;
using testing::IsEmpty;

class AtomicFileSetTest : public testing::Test {
 protected:
  void add(const std::string& name, const std::string& text) {
    set_->add(name).write(std::as_bytes(std::span(text)));
  }
  void add_three() {
    add("1", "one");
    add("2", "two");
    add("index", "1 2");
  }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      found.insert(entry.path().filename().string());
    }
    return found;
  }

  TemporaryFolder folder_;
  std::unique_ptr<AtomicFileSet> set_ = std::make_unique<AtomicFileSet>(folder_.path());
};

TEST_F(AtomicFileSetTest, AllAppearWithCommit) {
  add_three();
  for (const char* name : {"1", "2", "index"}) EXPECT_FALSE(names().contains(name));
  set_->commit();
  set_.reset();
  EXPECT_THAT(names(), ElementsAre("1", "2", "index"));
  EXPECT_EQ(folder_.read("1") + folder_.read("2") + folder_.read("index"), "onetwo1 2");
}

TEST_F(AtomicFileSetTest, WithoutCommitNothingChanges) {
  folder_.write("1", "old");
  folder_.write("index", "1");
  add_three();
  set_.reset();
  EXPECT_THAT(names(), ElementsAre("1", "index"));
  EXPECT_EQ(folder_.read("1"), "old");
}

TEST_F(AtomicFileSetTest, KeepsAtMostOneFileOpen) {
  for (int i = 0; i < 300; ++i) add(std::to_string(i), "x");
  const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  EXPECT_LT(open, 100);
  set_->commit();
  EXPECT_EQ(names().size(), 300u);
}

TEST_F(AtomicFileSetTest, RemovesOutdatedFiles) {
  folder_.write("model", "old");
  folder_.write("other", "stays");
  add_three();
  set_->commit({"model", "none"});
  EXPECT_THAT(names(), ElementsAre("1", "2", "index", "other"));
}

TEST_F(AtomicFileSetTest, DoesNotRemoveAFolderAsOutdated) {
  std::filesystem::create_directory(folder_.path() / "model");
  add_three();
  set_->commit({"model"});
  EXPECT_THAT(names(), ElementsAre("1", "2", "index", "model"));
}

TEST_F(AtomicFileSetTest, ASetOfOneFileIsOnlyRenamed) {
  folder_.write("model", "old");
  add("model", "new");
  EXPECT_EQ(folder_.read("model"), "old");
  set_->commit();
  EXPECT_EQ(folder_.read("model"), "new");
}

TEST_F(AtomicFileSetTest, LeavesNoNewFileIfAFolderTookAName) {
  folder_.write("index", "old");
  add_three();
  std::filesystem::create_directory(folder_.path() / "2");
  EXPECT_THAT([&] { set_->commit(); },
              fails_with(ErrorCode::io, "2: cannot rename the finished file"));
  set_.reset();
  EXPECT_THAT(names(), ElementsAre("2"));  // the old index referred to files that could be half new
}

TEST_F(AtomicFileSetTest, AnIndexThatCannotBeRemovedStopsBeforeAnythingIsReplaced) {
  folder_.write("1", "old");
  add_three();
  std::filesystem::create_directory(folder_.path() / "index");
  EXPECT_THAT([&] { set_->commit(); }, fails_with(ErrorCode::io, "cannot remove the older file"));
  set_.reset();
  EXPECT_THAT(names(), ElementsAre("1", "index"));
  EXPECT_EQ(folder_.read("1"), "old");
}

TEST_F(AtomicFileSetTest, AddRejectsANameThatAFolderHas) {
  std::filesystem::create_directory(folder_.path() / "1");
  EXPECT_THAT([&] { set_->add("1"); }, fails_with(ErrorCode::invalid_argument, "found a folder"));
}

TEST_F(AtomicFileSetTest, AMissingFolderIsRejected) {
  EXPECT_THAT([&] { AtomicFileSet(folder_.path() / "none"); },
              fails_with(ErrorCode::not_found, "none: cannot open the folder"));
}

TEST_F(AtomicFileSetTest, ASetWithoutFilesIsRejected) {
  EXPECT_THAT([&] { set_->commit(); },
              fails_with(ErrorCode::invalid_argument, "a set without files"));
  EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace lancekeep::io
