// SPDX-License-Identifier: Apache-2.0
#include "cli/target_store.h"

#include "cli/cli_testing.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace lancekeep::cli {
namespace {

namespace fs = std::filesystem;

class TargetStoreTest : public FolderTest {
 protected:
  void fail_to_save() const {
    TargetStore target(path().string());
    OneTensor gone(true);
    EXPECT_THROW(target.open().save(gone), std::runtime_error);
  }
};

TEST_F(TargetStoreTest, IsMadeWhenItIsOpened) {
  TargetStore target(path().string());
  EXPECT_FALSE(target.existing());
  EXPECT_FALSE(fs::exists(path()));
  OneTensor source;
  EXPECT_EQ(target.open().save(source).version, 1u);
  EXPECT_TRUE(target.existing());
}

TEST_F(TargetStoreTest, StaysWithItsVersions) {
  {
    TargetStore target(path().string());
    OneTensor source;
    target.open().save(source);
  }
  EXPECT_EQ(Store::open(path()).versions().size(), 1u);
}

TEST_F(TargetStoreTest, IsRemovedIfNoVersionWasSaved) {
  fail_to_save();
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(TargetStoreTest, AnEmptyFolderIsLeftEmpty) {
  fs::create_directory(path());
  fail_to_save();
  EXPECT_TRUE(fs::is_empty(path()));
}

TEST_F(TargetStoreTest, AStoreThatWasThereStays) {
  (void)Store::create(path());
  fail_to_save();
  EXPECT_TRUE(fs::exists(path() / "_versions"));
}

TEST_F(TargetStoreTest, AnotherFileInItStays) {
  {
    TargetStore target(path().string());
    (void)target.open();
    std::ofstream(path() / "notes.txt") << "mine";
  }
  EXPECT_TRUE(fs::exists(path() / "notes.txt"));
}

TEST_F(TargetStoreTest, SomethingElseIsRefusedBeforeItIsOpened) {
  fs::create_directory(path());
  std::ofstream(path() / "notes.txt") << "mine";
  EXPECT_THROW((void)TargetStore(path().string()).existing(), Error);
}

}  // namespace
}  // namespace lancekeep::cli
