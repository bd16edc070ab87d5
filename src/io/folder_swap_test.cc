// SPDX-License-Identifier: Apache-2.0
#include "io/folder_swap.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::io {
namespace {

using Swap = void (*)(const std::filesystem::path& replacement,
                      const std::filesystem::path& folder);

class FolderSwapTest : public testing::TestWithParam<Swap> {
 protected:
  FolderSwapTest() {
    temporary_.write("store/f", "old");
    temporary_.write("new/f", "new");
  }
  std::filesystem::path at(const std::string& name) const { return temporary_.path() / name; }
  TemporaryFolder temporary_;
};

TEST_P(FolderSwapTest, ExchangesTheTwo) {
  GetParam()(at("new"), at("store/"));
  EXPECT_EQ(temporary_.read("store/f"), "new");
  EXPECT_EQ(temporary_.read("new/f"), "old");
  EXPECT_FALSE(std::filesystem::exists(at("store.replaced")));
}

TEST_P(FolderSwapTest, WorksAcrossParents) {
  temporary_.write("other/new/f", "newer");
  GetParam()(at("other/new"), at("store"));
  EXPECT_EQ(temporary_.read("store/f"), "newer");
  EXPECT_EQ(temporary_.read("other/new/f"), "old");
}

TEST_P(FolderSwapTest, RefusesAMissingFolder) {
  EXPECT_THAT([&] { GetParam()(at("none"), at("store")); },
              fails_with(ErrorCode::not_found, "none: cannot swap the folder"));
  EXPECT_THAT([&] { GetParam()(at("new"), at("none")); },
              fails_with(ErrorCode::not_found, "none: cannot swap the folder"));
  EXPECT_EQ(temporary_.read("store/f"), "old");
}

TEST_P(FolderSwapTest, RefusesAFileAndALink) {
  temporary_.write("file", "x");
  std::filesystem::create_directory_symlink("new", at("link"));
  for (const std::string name : {"file", "link"}) {
    EXPECT_THAT([&] { GetParam()(at("new"), at(name)); },
                fails_with(ErrorCode::invalid_argument, name + ": expected a folder"));
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, FolderSwapTest,
                         testing::Values(&swap_folders, &swap_folders_by_renames),
                         [](const auto& way) { return way.index == 0 ? "Exchange" : "Renames"; });

TEST_P(FolderSwapTest, FinishDoesNothingToAWholeSwap) {
  temporary_.write("store.replaced/f", "left over");
  finish_swap(at("store"));
  EXPECT_EQ(temporary_.read("store/f"), "old");
  EXPECT_EQ(temporary_.read("store.replaced/f"), "left over");
  finish_swap(at("none"));
  EXPECT_FALSE(std::filesystem::exists(at("none")));
}

TEST_P(FolderSwapTest, FinishPutsBackWhatWasMovedAside) {
  std::filesystem::rename(at("store"), at("store.replaced"));
  finish_swap(at("store/"));
  EXPECT_EQ(temporary_.read("store/f"), "old");
  EXPECT_FALSE(std::filesystem::exists(at("store.replaced")));
}

TEST(FolderSwapByRenames, RefusesLeftoversOfAnEarlierOne) {
  const TemporaryFolder temporary;
  temporary.write("store/f", "old");
  temporary.write("new/f", "new");
  temporary.write("store.replaced/f", "left over");
  EXPECT_THAT(
      [&] { swap_folders_by_renames(temporary.path() / "new", temporary.path() / "store"); },
      fails_with(ErrorCode::already_exists, "store.replaced: left over"));
  EXPECT_EQ(temporary.read("store/f"), "old");
  EXPECT_EQ(temporary.read("new/f"), "new");
}

// A folder cannot move into itself, so the second rename fails after the first has been done.
TEST(FolderSwapByRenames, PutsTheOldOneBackWhereTheNewOneCannotMove) {
  const TemporaryFolder temporary;
  temporary.write("store/new/f", "new");
  EXPECT_THAT(
      [&] { swap_folders_by_renames(temporary.path() / "store/new", temporary.path() / "store"); },
      fails_with(ErrorCode::not_found, "store: cannot rename"));
  EXPECT_EQ(temporary.read("store/new/f"), "new");
}

}  // namespace
}  // namespace lancekeep::io
