// SPDX-License-Identifier: Apache-2.0
// What stops a clean-up, with nothing removed.
#include "lance/proto/wire.h"
#include "store/gc/gc_testing.h"

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;

class GcRefuses : public GcTest {
 protected:
  void SetUp() override {
    save(1);
    save(2);
  }
  // It still ends as manifests do.
  void damage(std::uint64_t version) const {
    const std::string path = lance::manifest_path(version, lance::NamingScheme::v2);
    put(path, files().at(path).substr(1));
  }
  static std::string field(protozero::pbf_tag_type tag) {
    std::string raw;
    protozero::pbf_writer(raw).add_string(tag, "content");
    return raw;
  }
};

TEST_F(GcRefuses, NoBound) {
  EXPECT_THAT([&] { collect({}); }, io::fails_with(ErrorCode::invalid_argument, "needs a bound"));
}

TEST_F(GcRefuses, UnknownFieldsOfAManifest) {
  put_version(3, [](lance::Manifest& manifest) { manifest.unknown = field(99); });
  expect_refused(ErrorCode::unsupported, "version 3 has field 99 of the manifest");
}

TEST_F(GcRefuses, UnknownFieldsOfAFragment) {
  put_version(3, [](lance::Manifest& manifest) { manifest.fragments[0].unknown = field(6); });
  expect_refused(ErrorCode::unsupported, "version 3 has field 6 of fragment ");
}

TEST_F(GcRefuses, UnknownFieldsOfADataFile) {
  put_version(
      3, [](lance::Manifest& manifest) { manifest.fragments[0].files[0].unknown = field(99); });
  expect_refused(ErrorCode::unsupported, "version 3 has field 99 of the data file `");
}

TEST_F(GcRefuses, UnknownFieldsOfADeletionFile) {
  put_version(3, [](lance::Manifest& manifest) {
    manifest.fragments[0].deletion = lance::DeletionFile{.unknown = field(99)};
  });
  expect_refused(ErrorCode::unsupported, "version 3 has field 99 of the deletion file of fragment");
}

TEST_F(GcRefuses, NoUnknownFieldsOfAVersionThatGoes) {
  put_version(3, [](lance::Manifest& manifest) { manifest.unknown = field(99); });
  put_version(4, [](lance::Manifest& manifest) { manifest.unknown.clear(); });
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, testing::ElementsAre(1u, 2u, 3u));
}

TEST_F(GcRefuses, UnknownWriterFlags) {
  put_version(3, [](lance::Manifest& manifest) { manifest.writer_flags = 1 << 20; });
  expect_refused(ErrorCode::unsupported,
                 "version 3: this version needs writer feature flag 1048576");
}

TEST_F(GcRefuses, UnknownReaderFlags) {
  put_version(1, [](lance::Manifest& manifest) { manifest.reader_flags = 1 << 20; });
  expect_refused(ErrorCode::unsupported, "needs reader feature flag 1048576");
}

TEST_F(GcRefuses, FilesOutsideOfTheStore) {
  put_version(3, [](lance::Manifest& manifest) { manifest.fragments[0].files[0].base_id = 1; });
  expect_refused(ErrorCode::unsupported, "what version 3 stands on cannot be told");
}

TEST_F(GcRefuses, PathsThatLeaveTheStore) {
  put_version(3, [](lance::Manifest& manifest) {
    manifest.fragments[0].files[0].path = "../../secret.lance";
  });
  expect_refused(ErrorCode::unsafe, "leaves the store; expected a path below data/");
}

TEST_F(GcRefuses, Branches) {
  put("_refs/branches/dev.json", "{}");
  expect_refused(ErrorCode::unsupported, "the dataset has branches");
}

TEST_F(GcRefuses, ATreeOfBranches) {
  put("tree/dev/_versions/1.manifest");
  expect_refused(ErrorCode::unsupported, "the dataset has branches");
}

TEST_F(GcRefuses, NoFoldersThatDeletedBranchesLeave) {
  fs::create_directories(path_ / "_refs/branches");
  fs::create_directories(path_ / "tree");
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, testing::ElementsAre(1u));
}

TEST_F(GcRefuses, DetachedVersions) {
  put("_versions/d9223372036854775809.manifest");
  expect_refused(ErrorCode::unsupported, "this manifest is of a detached version");
}

TEST_F(GcRefuses, VersionsFromHalfTheRangeOn) {
  put("_versions/09223372036854775806.manifest");
  expect_refused(ErrorCode::unsupported, "this manifest is of a detached version");
}

TEST_F(GcRefuses, ManifestsOfAnotherKindOfName) {
  put("_versions/v3.manifest");
  expect_refused(ErrorCode::unsupported, "named in a way that this build does not know");
}

TEST_F(GcRefuses, ManifestsOfBothKindsOfName) {
  put("_versions/3.manifest");
  const auto before = files();
  EXPECT_THAT([&] { collect({.keep_last = 1}); },
              io::fails_with(ErrorCode::corrupt, "manifests are named in two ways"));
  EXPECT_EQ(files(), before);
}

TEST_F(GcRefuses, ATagOfABranch) {
  put("_refs/tags/dev.json", R"({"branch":"dev","version":2})");
  expect_refused(ErrorCode::unsupported, "the tag `dev` names version 2 of the branch `dev`");
}

TEST_F(GcRefuses, ADamagedTag) {
  put("_refs/tags/best.json", "torn");
  expect_refused(ErrorCode::corrupt, "delete it (lancekeep tag -d)");
  expect_refused(ErrorCode::corrupt, "_refs/tags/best.json");
}

TEST_F(GcRefuses, ADamagedManifestThatStays) {
  put_version(3);
  damage(3);
  expect_refused(ErrorCode::corrupt, "version 3 may stand on any file; restore ");
}

TEST_F(GcRefuses, ADamagedManifestThatWouldGo) {
  damage(1);
  expect_refused(ErrorCode::corrupt, "or delete it by hand to give the version up");
}

TEST_F(GcRefuses, ATaggedManifestThatIsCutShort) {
  store_.tag("best", 1);
  put(lance::manifest_path(1, lance::NamingScheme::v2), "");
  expect_refused(ErrorCode::corrupt, "version 1 is tagged (best), but its manifest is cut short");
}

TEST_F(GcRefuses, AStoreOfWhichNothingCanBeRead) {
  put(lance::manifest_path(1, lance::NamingScheme::v2), "");
  put(lance::manifest_path(2, lance::NamingScheme::v2), "");
  expect_refused(ErrorCode::corrupt, "every manifest of the store is cut short");
}

TEST_F(GcRefuses, ALinkInPlaceOfADataFileThatStays) {
  const std::string data = data_file_of(2);
  fs::rename(path_ / data, path_ / "data" / (kStem + ".lance"));
  fs::create_symlink(kStem + ".lance", path_ / data);
  expect_refused(ErrorCode::unsupported, "which is a link");
}

TEST_F(GcRefuses, ALinkOnTheWayToADataFileThatStays) {
  const std::string name = data_file_of(2).substr(std::string("data/").size());
  fs::create_directory_symlink(".", path_ / "data/alias");
  put_version(
      3, [&](lance::Manifest& manifest) { manifest.fragments[0].files[0].path = "alias/" + name; });
  expect_refused(ErrorCode::unsupported, "data/alias: gc removes nothing: a version stands on");
}

}  // namespace
}  // namespace lancekeep::store
