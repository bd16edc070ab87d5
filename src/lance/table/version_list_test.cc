// SPDX-License-Identifier: Apache-2.0
#include "lance/table/version_list.h"

#include "lance/table/table_testing.h"

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;

struct ListVersions : TableTest {
  [[nodiscard]] std::vector<std::uint64_t> listed() const {
    std::vector<std::uint64_t> result;
    for (const VersionEntry& entry : list_versions(*storage).entries) {
      result.push_back(entry.version);
    }
    return result;
  }
};

TEST_F(ListVersions, AMissingFolderHasNoVersions) { EXPECT_THAT(listed(), ElementsAre()); }

TEST_F(ListVersions, ListsTheOldestFirstAndNoOtherFiles) {
  for (const std::uint64_t version : {10, 2, 9}) put(manifest_path(version, NamingScheme::v2), "x");
  put("_versions/latest_version_hint.json", "{\"version\":99}");
  put("_versions/d9223372036854775809.manifest", "x");
  put("_versions/abc.tmp", "x");
  std::filesystem::create_directory(folder / manifest_path(11, NamingScheme::v2));
  EXPECT_THAT(listed(), ElementsAre(2, 9, 10));
  EXPECT_EQ(list_versions(*storage).scheme, NamingScheme::v2);
}

TEST_F(ListVersions, OrdersNamesOfScheme1ByNumber) {
  for (const std::uint64_t version : {10, 2, 9}) put(manifest_path(version, NamingScheme::v1), "x");
  EXPECT_THAT(listed(), ElementsAre(2, 9, 10));
  EXPECT_EQ(list_versions(*storage).scheme, NamingScheme::v1);
}

TEST_F(ListVersions, RejectsAMixOfBothSchemes) {
  put(manifest_path(1, NamingScheme::v1), "x");
  put(manifest_path(2, NamingScheme::v2), "x");
  expect_error(ErrorCode::corrupt, "manifests are named in two ways",
               [&] { (void)list_versions(*storage); });
}

using RequireCurrent = TableTest;

TEST_F(RequireCurrent, AcceptsTheFolderThatWasOpened) {
  EXPECT_NO_THROW(require_current(*storage));
}

TEST_F(RequireCurrent, SaysThatTheStoreWasReplaced) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  expect_error(ErrorCode::conflict, "the store was replaced by another one; open it again",
               [&] { require_current(*storage); });
}

TEST_F(RequireCurrent, SaysThatTheStoreIsGone) {
  std::filesystem::remove_all(folder);
  expect_error(ErrorCode::not_found, "the store is gone: its folder was removed or renamed",
               [&] { require_current(*storage); });
}

}  // namespace
}  // namespace lancekeep::lance
