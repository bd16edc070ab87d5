// SPDX-License-Identifier: Apache-2.0
#include "io/rename.h"

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <chrono>
#include <thread>

namespace lancekeep::io {
namespace {

using Rename = bool (*)(const NameIn& from, const NameIn& to);

// Runs both ways to rename without overwriting.
class RenameTest : public testing::TestWithParam<Rename> {
 protected:
  NameIn name(const std::string& last) const {
    const std::string full = (folder_.path() / last).string();
    return {AT_FDCWD, full, full};
  }
  bool rename(const std::string& from, const std::string& to) const {
    return GetParam()(name(from), name(to));
  }
  TemporaryFolder folder_;
};

TEST_P(RenameTest, TakesAFreeName) {
  folder_.write("a", "abc");
  EXPECT_TRUE(rename("a", "b"));
  EXPECT_EQ(folder_.read("b"), "abc");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "a"));
}

TEST_P(RenameTest, LeavesATakenNameAlone) {
  folder_.write("a", "new");
  folder_.write("b", "old");
  EXPECT_FALSE(rename("a", "b"));
  EXPECT_EQ(folder_.read("a"), "new");
  EXPECT_EQ(folder_.read("b"), "old");
}

TEST_P(RenameTest, LeavesADanglingLinkAlone) {
  folder_.write("a", "new");
  std::filesystem::create_symlink("nowhere", folder_.path() / "b");
  EXPECT_FALSE(rename("a", "b"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "nowhere"));
}

TEST_P(RenameTest, RejectsAMissingSource) {
  EXPECT_THAT([&] { (void)rename("a", "b"); },
              fails_with(ErrorCode::not_found, (folder_.path() / "a").string() + " to this name"));
}

INSTANTIATE_TEST_SUITE_P(Ways, RenameTest, testing::Values(&rename_if_free, &link_if_free),
                         [](const auto& way) { return way.index == 0 ? "Rename" : "Link"; });

// As after a link over NFS whose reply was lost.
TEST(LinkIfFree, RecognisesItsOwnLink) {
  const TemporaryFolder folder;
  const auto from = folder.write("a", "abc").string();
  const auto to = (folder.path() / "b").string();
  std::filesystem::create_hard_link(from, to);
  EXPECT_TRUE(link_if_free({AT_FDCWD, from, from}, {AT_FDCWD, to, to}));
  EXPECT_FALSE(std::filesystem::exists(from));
  EXPECT_EQ(folder.read("b"), "abc");
}

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

TEST_P(FolderSwapTest, RejectsAMissingFolder) {
  EXPECT_THAT([&] { GetParam()(at("none"), at("store")); },
              fails_with(ErrorCode::not_found, "none: cannot swap the folder"));
  EXPECT_THAT([&] { GetParam()(at("new"), at("none")); },
              fails_with(ErrorCode::not_found, "none: cannot swap the folder"));
  EXPECT_EQ(temporary_.read("store/f"), "old");
}

TEST_P(FolderSwapTest, RejectsAFileAndALink) {
  temporary_.write("file", "x");
  std::filesystem::create_directory_symlink("new", at("link"));
  for (const std::string name : {"file", "link"}) {
    EXPECT_THAT([&] { GetParam()(at("new"), at(name)); },
                fails_with(ErrorCode::invalid_argument, name + ": expected a folder"));
  }
}

void exchange(const std::filesystem::path& replacement, const std::filesystem::path& folder) {
  EXPECT_TRUE(swap_folders(replacement, folder));
}

INSTANTIATE_TEST_SUITE_P(Ways, FolderSwapTest, testing::Values(&exchange, &swap_folders_by_renames),
                         [](const auto& way) { return way.index == 0 ? "Exchange" : "Renames"; });

TEST_P(FolderSwapTest, FinishDoesNothingAfterACompleteSwap) {
  temporary_.write("store.replaced/f", "left over");
  finish_swap(at("store"));
  EXPECT_EQ(temporary_.read("store/f"), "old");
  EXPECT_EQ(temporary_.read("store.replaced/f"), "left over");
  finish_swap(at("none"));
  EXPECT_FALSE(std::filesystem::exists(at("none")));
}

TEST_P(FolderSwapTest, FinishMovesBackWhatWasMovedAside) {
  std::filesystem::rename(at("store"), at("store.replaced"));
  finish_swap(at("store/"));
  EXPECT_EQ(temporary_.read("store/f"), "old");
  EXPECT_FALSE(std::filesystem::exists(at("store.replaced")));
}

// A reader must not move the folder back while the process that swaps it goes on.
TEST_P(FolderSwapTest, FinishWaitsForAProcessThatIsAlive) {
  std::filesystem::rename(at("store"), at("store.replaced"));
  auto lock = open_local_storage(at("store.replaced"))->lock("", LockMode::shared);
  std::thread alive([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::filesystem::rename(at("new"), at("store"));
    std::filesystem::rename(at("store.replaced"), at("new"));
    lock.reset();
  });
  finish_swap(at("store"));
  alive.join();
  EXPECT_EQ(temporary_.read("store/f"), "new");
  EXPECT_EQ(temporary_.read("new/f"), "old");
}

TEST(FolderSwapByRenames, RejectsLeftoversOfAnEarlierSwap) {
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
TEST(FolderSwapByRenames, MovesTheOldOneBackIfTheNewOneCannotMove) {
  const TemporaryFolder temporary;
  temporary.write("store/new/f", "new");
  EXPECT_THAT(
      [&] { swap_folders_by_renames(temporary.path() / "store/new", temporary.path() / "store"); },
      fails_with(ErrorCode::not_found, "store: cannot rename"));
  EXPECT_EQ(temporary.read("store/new/f"), "new");
}

}  // namespace
}  // namespace lancekeep::io
