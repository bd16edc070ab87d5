// SPDX-License-Identifier: Apache-2.0
#include "io/rename.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace lancekeep::io {
namespace {

using Rename = bool (*)(const NameIn& from, const NameIn& to);

// Both ways to rename without overwriting do the same.
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

TEST_P(RenameTest, RefusesAMissingSource) {
  EXPECT_THAT([&] { (void)rename("a", "b"); },
              fails_with(ErrorCode::not_found, (folder_.path() / "a").string() + " to this name"));
}

INSTANTIATE_TEST_SUITE_P(Ways, RenameTest, testing::Values(&rename_if_free, &link_if_free),
                         [](const auto& way) { return way.index == 0 ? "Rename" : "Link"; });

// As after a link over NFS whose answer got lost.
TEST(LinkIfFree, RecognisesItsOwnLink) {
  const TemporaryFolder folder;
  const auto from = folder.write("a", "abc").string();
  const auto to = (folder.path() / "b").string();
  std::filesystem::create_hard_link(from, to);
  EXPECT_TRUE(link_if_free({AT_FDCWD, from, from}, {AT_FDCWD, to, to}));
  EXPECT_FALSE(std::filesystem::exists(from));
  EXPECT_EQ(folder.read("b"), "abc");
}

}  // namespace
}  // namespace lancekeep::io
