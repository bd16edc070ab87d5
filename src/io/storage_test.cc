// SPDX-License-Identifier: Apache-2.0
#include "io/storage.h"

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <vector>

namespace lancekeep::io {
namespace {

using testing::ElementsAre;

class FolderWalk : public testing::Test {
 protected:
  std::vector<std::string> paths(const std::string& folder, std::size_t max_depth = 9) const {
    std::vector<std::string> result;
    for (const auto& [path, entry] : walk_folder(*storage_, folder, max_depth)) {
      result.push_back(path);
    }
    return result;
  }
  TemporaryFolder folder_;
  std::unique_ptr<Storage> storage_ = create_local_storage(folder_ / "store");
};

TEST_F(FolderWalk, FindsEverythingByItsPath) {
  folder_.write("store/a", "abc");
  folder_.write("store/data/deep/b", "de");
  EXPECT_THAT(paths(""), ElementsAre("a", "data", "data/deep", "data/deep/b"));
  EXPECT_THAT(paths("data"), ElementsAre("data/deep", "data/deep/b"));
  const auto found = walk_folder(*storage_, "", 9);
  EXPECT_EQ(found.at("data/deep/b").size, 2u);
  EXPECT_TRUE(found.at("data/deep/b").is_file);
  EXPECT_TRUE(found.at("data").is_folder);
}

TEST_F(FolderWalk, OfAMissingFolderIsEmpty) { EXPECT_THAT(paths("none"), ElementsAre()); }

TEST_F(FolderWalk, FollowsNoLink) {
  folder_.write("store/data/a", "abc");
  std::filesystem::create_directory_symlink("data", folder_ / "store/link");
  EXPECT_THAT(paths(""), ElementsAre("data", "data/a", "link"));
  EXPECT_FALSE(walk_folder(*storage_, "", 9).at("link").is_file);
}

TEST_F(FolderWalk, StopsAtItsDepth) {
  folder_.write("store/1/2/3/a", "");
  EXPECT_THAT(paths("", 3), ElementsAre("1", "1/2", "1/2/3", "1/2/3/a"));
  EXPECT_THAT([&] { (void)paths("", 2); },
              fails_with(ErrorCode::unsupported, "store/1/2/3: this folder is more than 2 levels"));
}

TEST_F(FolderWalk, ReportsAndSkipsWhatIsTooDeep) {
  folder_.write("store/1/2/a", "");
  folder_.write("store/b", "");
  std::vector<std::string> reported;
  const auto found =
      walk_folder(*storage_, "", 1, [&](const Error& error) { reported.push_back(error.file()); });
  EXPECT_THAT(reported, ElementsAre((folder_ / "store/1/2").string()));
  EXPECT_TRUE(found.contains("b"));
  EXPECT_FALSE(found.contains("1/2/a"));
}

}  // namespace
}  // namespace lancekeep::io
