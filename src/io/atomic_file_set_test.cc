// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file_set.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <set>

namespace lancekeep::io {
namespace {

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

TEST_F(AtomicFileSetTest, WithoutCommitAllStaysAsItWas) {
  folder_.write("1", "old");
  folder_.write("index", "1");
  add_three();
  set_.reset();
  EXPECT_THAT(names(), ElementsAre("1", "index"));
  EXPECT_EQ(folder_.read("1"), "old");
}

TEST_F(AtomicFileSetTest, HoldsOneFileOpen) {
  for (int i = 0; i < 300; ++i) add(std::to_string(i), "x");
  const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  EXPECT_LT(open, 100);
  set_->commit();
  EXPECT_EQ(names().size(), 300u);
}

TEST_F(AtomicFileSetTest, WhatIsOutOfUseGoes) {
  folder_.write("model", "old");
  folder_.write("other", "stays");
  add_three();
  set_->commit({"model", "none"});
  EXPECT_THAT(names(), ElementsAre("1", "2", "index", "other"));
}

TEST_F(AtomicFileSetTest, AFolderIsNotOutOfUse) {
  std::filesystem::create_directory(folder_.path() / "model");
  add_three();
  set_->commit({"model"});
  EXPECT_THAT(names(), ElementsAre("1", "2", "index", "model"));
}

TEST_F(AtomicFileSetTest, OneFileAloneIsOnlyRenamed) {
  folder_.write("model", "old");
  add("model", "new");
  EXPECT_EQ(folder_.read("model"), "old");
  set_->commit();
  EXPECT_EQ(folder_.read("model"), "new");
}

TEST_F(AtomicFileSetTest, WhereANameIsTakenByAFolderNothingNewStays) {
  folder_.write("index", "old");
  add_three();
  std::filesystem::create_directory(folder_.path() / "2");
  EXPECT_THAT([&] { set_->commit(); },
              fails_with(ErrorCode::io, "2: cannot give the finished file its name"));
  set_.reset();
  EXPECT_THAT(names(), ElementsAre("2"));  // the old index named files that could be half new
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

TEST_F(AtomicFileSetTest, AFolderOfAFilesNameIsRefusedAtOnce) {
  std::filesystem::create_directory(folder_.path() / "1");
  EXPECT_THAT([&] { set_->add("1"); }, fails_with(ErrorCode::invalid_argument, "found a folder"));
}

TEST_F(AtomicFileSetTest, AMissingFolderIsRefused) {
  EXPECT_THAT([&] { AtomicFileSet(folder_.path() / "none"); },
              fails_with(ErrorCode::not_found, "none: cannot open the folder"));
}

TEST_F(AtomicFileSetTest, ASetWithoutFilesIsRefused) {
  EXPECT_THAT([&] { set_->commit(); },
              fails_with(ErrorCode::invalid_argument, "a set without files"));
  EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace lancekeep::io
