// SPDX-License-Identifier: Apache-2.0
#include "lance/table/version_names.h"

#include "lance/table/table_testing.h"

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;

struct VersionNames : TableTest {
  [[nodiscard]] std::vector<std::uint64_t> listed() const {
    std::vector<std::uint64_t> result;
    for (const VersionEntry& entry : list_versions(*storage).entries) {
      result.push_back(entry.version);
    }
    return result;
  }
};

TEST(ManifestName, NamesAndNumbersFitEachOther) {
  EXPECT_EQ(manifest_path(1, NamingScheme::v2), "_versions/18446744073709551614.manifest");
  EXPECT_EQ(manifest_path(12, NamingScheme::v1), "_versions/12.manifest");
  EXPECT_EQ(manifest_path((std::uint64_t{1} << 63) - 1, NamingScheme::v2),
            "_versions/09223372036854775808.manifest");
  EXPECT_EQ(parse_manifest_name("18446744073709551614.manifest")->version, 1u);
  EXPECT_EQ(parse_manifest_name("18446744073709551614.manifest")->scheme, NamingScheme::v2);
  EXPECT_EQ(parse_manifest_name("12.manifest")->version, 12u);
  EXPECT_EQ(parse_manifest_name("12.manifest")->scheme, NamingScheme::v1);
}

TEST(ManifestName, OtherFilesOfTheFolderAreNoVersions) {
  for (const char* name :
       {"", ".manifest", "latest_version_hint.json", "d9223372036854775809.manifest",
        "1.manifest#1", "1.manifest.tmp", "1.manifest.5-x.tmp", "+1.manifest", "-1.manifest",
        "1 .manifest", "0.manifest", "007.manifest", "00000000000000000007.manifest",
        "18446744073709551615.manifest", "18446744073709551616.manifest",
        "99999999999999999999.manifest", "184467440737095516140.manifest", "1.MANIFEST",
        "9223372036854775808.manifest"}) {
    EXPECT_FALSE(parse_manifest_name(name)) << name;
  }
}

TEST_F(VersionNames, AFolderThatIsNotThereHasNoVersions) { EXPECT_THAT(listed(), ElementsAre()); }

TEST_F(VersionNames, AreListedOldestFirstWithoutTheOtherFiles) {
  for (const std::uint64_t version : {10, 2, 9}) put(manifest_path(version, NamingScheme::v2), "x");
  put("_versions/latest_version_hint.json", "{\"version\":99}");
  put("_versions/d9223372036854775809.manifest", "x");
  put("_versions/abc.tmp", "x");
  std::filesystem::create_directory(folder / manifest_path(11, NamingScheme::v2));
  EXPECT_THAT(listed(), ElementsAre(2, 9, 10));
  EXPECT_EQ(list_versions(*storage).scheme, NamingScheme::v2);
}

TEST_F(VersionNames, OfTheFirstSchemeAreOrderedByNumberNotByName) {
  for (const std::uint64_t version : {10, 2, 9}) put(manifest_path(version, NamingScheme::v1), "x");
  EXPECT_THAT(listed(), ElementsAre(2, 9, 10));
  EXPECT_EQ(list_versions(*storage).scheme, NamingScheme::v1);
}

TEST_F(VersionNames, OfBothSchemesAreRefused) {
  put(manifest_path(1, NamingScheme::v1), "x");
  put(manifest_path(2, NamingScheme::v2), "x");
  expect_error(ErrorCode::corrupt, "the manifests are named in two ways",
               [&] { (void)list_versions(*storage); });
}

}  // namespace
}  // namespace lancekeep::lance
