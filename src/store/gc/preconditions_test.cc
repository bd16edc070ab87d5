// SPDX-License-Identifier: Apache-2.0
// Reasons for which a clean-up fails before it removes anything.
#include "lance/proto/wire.h"
#include "store/gc/gc_testing.h"

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;

class GcRejects : public GcTest {
 protected:
  void SetUp() override {
    save(1);
    save(2);
  }
  // Damages a manifest whose end stays valid, so that it does not look cut short.
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

TEST_F(GcRejects, AMissingBound) {
  EXPECT_THAT([&] { collect({}); }, io::fails_with(ErrorCode::invalid_argument, "needs a bound"));
}

TEST_F(GcRejects, UnknownFieldsOfAManifest) {
  put_version(3, [](lance::Manifest& manifest) { manifest.unknown = field(99); });
  expect_refused(ErrorCode::unsupported, "version 3 has field 99 of the manifest");
}

TEST_F(GcRejects, UnknownFieldsOfAFragment) {
  put_version(3, [](lance::Manifest& manifest) { manifest.fragments[0].unknown = field(6); });
  expect_refused(ErrorCode::unsupported, "version 3 has field 6 of fragment ");
}

TEST_F(GcRejects, UnknownFieldsOfADataFile) {
  put_version(
      3, [](lance::Manifest& manifest) { manifest.fragments[0].files[0].unknown = field(99); });
  expect_refused(ErrorCode::unsupported, "version 3 has field 99 of the data file `");
}

TEST_F(GcRejects, UnknownFieldsOfADeletionFile) {
  put_version(3, [](lance::Manifest& manifest) {
    manifest.fragments[0].deletion =
        lance::DeletionFile{.num_deleted_rows = 1, .unknown = field(99)};
  });
  expect_refused(ErrorCode::unsupported, "version 3 has field 99 of the deletion file of fragment");
}

TEST_F(GcRejects, NoUnknownFieldsOfAnExpiredVersion) {
  put_version(3, [](lance::Manifest& manifest) { manifest.unknown = field(99); });
  put_version(4, [](lance::Manifest& manifest) { manifest.unknown.clear(); });
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, testing::ElementsAre(1u, 2u, 3u));
}

TEST_F(GcRejects, UnknownWriterFlags) {
  put_version(3, [](lance::Manifest& manifest) { manifest.writer_flags = 1 << 20; });
  expect_refused(ErrorCode::unsupported,
                 "version 3: this version needs writer feature flag 1048576");
}

TEST_F(GcRejects, UnknownReaderFlags) {
  put_version(1, [](lance::Manifest& manifest) { manifest.reader_flags = 1 << 20; });
  expect_refused(ErrorCode::unsupported, "needs reader feature flag 1048576");
}

TEST_F(GcRejects, FilesOutsideOfTheStore) {
  put_version(3, [](lance::Manifest& manifest) { manifest.fragments[0].files[0].base_id = 1; });
  expect_refused(ErrorCode::unsupported, "the files of version 3 are unknown");
}

TEST_F(GcRejects, PathsThatLeaveTheStore) {
  put_version(3, [](lance::Manifest& manifest) {
    manifest.fragments[0].files[0].path = "../../secret.lance";
  });
  expect_refused(ErrorCode::unsafe, "leaves the store; expected a path below data/");
}

TEST_F(GcRejects, Branches) {
  put("_refs/branches/dev.json", "{}");
  expect_refused(ErrorCode::unsupported, "the dataset has branches");
}

TEST_F(GcRejects, ATreeOfBranches) {
  put("tree/dev/_versions/1.manifest");
  expect_refused(ErrorCode::unsupported, "the dataset has branches");
}

TEST_F(GcRejects, NoEmptyFoldersOfDeletedBranches) {
  fs::create_directories(path_ / "_refs/branches");
  fs::create_directories(path_ / "tree");
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, testing::ElementsAre(1u));
}

TEST_F(GcRejects, DetachedVersions) {
  put("_versions/d9223372036854775809.manifest");
  expect_refused(ErrorCode::unsupported, "this manifest belongs to a detached version");
}

TEST_F(GcRejects, VersionNumbersFrom2To63On) {
  put("_versions/09223372036854775806.manifest");
  expect_refused(ErrorCode::unsupported, "this manifest belongs to a detached version");
}

TEST_F(GcRejects, ManifestsWithUnknownNames) {
  put("_versions/v3.manifest");
  expect_refused(ErrorCode::unsupported, "has a name that this build does not know");
}

TEST_F(GcRejects, FilesOfMacOsBesideManifests) {
  put("_versions/._18446744073709551612.manifest");
  expect_refused(ErrorCode::unsupported,
                 "an AppleDouble file, in which macOS keeps attributes; delete");
}

TEST_F(GcRejects, CopiesOfManifestsThatSyncToolsMake) {
  put("_versions/18446744073709551612 (1).manifest");
  expect_refused(ErrorCode::unsupported, "a copy of a manifest that a sync tool");
}

TEST_F(GcRejects, ManifestsInBothNamingSchemes) {
  put("_versions/3.manifest");
  const auto before = files();
  EXPECT_THAT([&] { collect({.keep_last = 1}); },
              io::fails_with(ErrorCode::corrupt, "manifests are named in two ways"));
  EXPECT_EQ(files(), before);
}

TEST_F(GcRejects, ATagOfABranch) {
  put("_refs/tags/dev.json", R"({"branch":"dev","version":2})");
  expect_refused(ErrorCode::unsupported, "the tag `dev` points to version 2 of the branch `dev`");
}

TEST_F(GcRejects, ADamagedTag) {
  put("_refs/tags/best.json", "torn");
  expect_refused(ErrorCode::corrupt,
                 "this tag may point to any version; set it again or delete it");
  expect_refused(ErrorCode::corrupt, "_refs/tags/best.json");
  try {
    (void)collect({.keep_last = 1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("lancekeep tag")))
        << "the library names no command";
  }
}

TEST_F(GcRejects, ADamagedManifestThatIsKept) {
  put_version(3);
  damage(3);
  expect_refused(ErrorCode::corrupt, "version 3 may refer to any file; restore ");
}

TEST_F(GcRejects, ADamagedManifestThatWouldExpire) {
  damage(1);
  expect_refused(ErrorCode::corrupt, "or delete it by hand to give up the version");
}

TEST_F(GcRejects, ATaggedManifestThatIsCutShort) {
  store_.tag("best", 1);
  put(lance::manifest_path(1, lance::NamingScheme::v2), "");
  expect_refused(ErrorCode::corrupt, "version 1 is tagged (best), but its manifest is cut short");
}

TEST_F(GcRejects, AStoreWithoutAReadableVersion) {
  put(lance::manifest_path(1, lance::NamingScheme::v2), "");
  put(lance::manifest_path(2, lance::NamingScheme::v2), "");
  expect_refused(ErrorCode::corrupt, "every manifest of the store is cut short");
}

class GcKeepsTheLastThatCanBeRead : public GcTest {
 protected:
  void SetUp() override {
    save(1);
    save(2);
    save(3);
  }
  void cut(const std::string& path, std::size_t size) const {
    put(path, files().at(path).substr(0, size));
  }
  // Of any kind of clean-up, also one that only says what it would do.
  void expect_all_refused(ErrorCode code, const std::string& part) const {
    expect_refused(code, part);
    expect_refused(code, part, {.keep_last = 1, .dry_run = true});
    expect_refused(code, part, {.older_than = std::chrono::nanoseconds(0)});
    EXPECT_THAT(store_.versions().back().damage, testing::Not(""));
    EXPECT_EQ(store_.versions().front().damage, "");
    EXPECT_THAT(store_.disk_usage().notes,
                testing::ElementsAre(testing::StartsWith("version 3 cannot be loaded: ")));
  }
  // Makes version 3 one that has deleted rows, and returns its deletion file.
  std::string delete_a_row() {
    MemorySource all = changing_model(3);
    MemorySource less;
    less.add("conv.weight", "float32", {2, 3, 2}, all.value(0));
    store_.save(less);
    for (const auto& [path, ignored] : files()) {
      if (path.starts_with("_deletions/")) return path;
    }
    throw std::logic_error("no row was deleted");
  }
};

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADataFileIsMissing) {
  fs::remove(path_ / data_file_of(3));
  expect_all_refused(ErrorCode::not_found, "version 3, which would be kept, is damaged");
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADataFileIsEmpty) {
  put(data_file_of(3), "");
  expect_all_refused(ErrorCode::corrupt, "the data file has 0 bytes, but its manifest says");
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADataFileIsCutShort) {
  cut(data_file_of(3), 100);
  expect_all_refused(ErrorCode::corrupt, "restore an earlier version first");
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADataFileIsTooLong) {
  put(data_file_of(3), files().at(data_file_of(3)) + "more");
  expect_all_refused(ErrorCode::corrupt, "but its manifest says");
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADataFileHasNeverReachedTheDisk) {
  put(data_file_of(3), std::string(files().at(data_file_of(3)).size(), '\0'));
  expect_all_refused(ErrorCode::corrupt, "it was cut short, or never reached the disk");
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADataFileOfUnknownSizeIsCutShort) {
  cut(data_file_of(3), 100);
  put_version(4, [](lance::Manifest& manifest) { manifest.fragments[0].files[0].size = 0; });
  expect_refused(ErrorCode::corrupt, "the data file does not end with \"LANC\"");
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADeletionFileIsMissing) {
  fs::remove(path_ / delete_a_row());
  expect_refused(ErrorCode::not_found, "which would be kept, is damaged");
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenADeletionFileIsEmptyOrCutShort) {
  const std::string path = delete_a_row();
  const std::string content = files().at(path);
  for (const std::size_t size : {std::size_t{0}, content.size() - 1}) {
    put(path, content.substr(0, size));
    expect_refused(ErrorCode::corrupt, "which would be kept, is damaged");
  }
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenATaggedVersionIsDamaged) {
  store_.tag("best", 1);
  fs::remove(path_ / data_file_of(1));
  expect_refused(ErrorCode::not_found, "version 1, which would be kept, is damaged");
  expect_refused(ErrorCode::not_found, "or delete the version's tags (best) to give it up");
  store_.untag("best");
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, testing::ElementsAre(1u, 2u));
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenAnEarlierVersionThatIsKeptIsDamaged) {
  fs::remove(path_ / data_file_of(2));
  expect_refused(ErrorCode::not_found, "or choose limits that remove this version too",
                 {.keep_last = 2});
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, testing::ElementsAre(1u, 2u));
}

TEST_F(GcKeepsTheLastThatCanBeRead, WhenAFileMayNotBeRead) {
  class Unreadable : public io::ForwardingStorage {
   public:
    using ForwardingStorage::ForwardingStorage;
    io::InputFile open(const std::string& path) const override {
      throw Error(ErrorCode::io, "cannot open: Permission denied", full_name(path));
    }
  };
  Unreadable storage(io::open_local_storage(path_));
  const auto before = files();
  const auto clean_up = [&] {
    (void)collect_garbage(storage, {.keep_last = 1}, std::chrono::system_clock::now());
  };
  EXPECT_THAT(clean_up, io::fails_with(ErrorCode::io,
                                       "version 3, which would be kept, could not be "
                                       "checked: cannot open: Permission denied"));
  EXPECT_EQ(files(), before);
}

TEST_F(GcKeepsTheLastThatCanBeRead, AndGoesOnAfterARestore) {
  fs::remove(path_ / data_file_of(3));
  EXPECT_EQ(store_.restore(2), 4u);
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, testing::ElementsAre(1u, 2u, 3u));
  expect_model(4, 2);
}

TEST_F(GcRejects, ALinkInPlaceOfAKeptDataFile) {
  const std::string data = data_file_of(2);
  fs::rename(path_ / data, path_ / "data" / (kStem + ".lance"));
  fs::create_symlink(kStem + ".lance", path_ / data);
  expect_refused(ErrorCode::unsupported, "which is a link");
}

TEST_F(GcRejects, ALinkInThePathOfAKeptDataFile) {
  const std::string name = data_file_of(2).substr(std::string("data/").size());
  fs::create_directory_symlink(".", path_ / "data/alias");
  put_version(
      3, [&](lance::Manifest& manifest) { manifest.fragments[0].files[0].path = "alias/" + name; });
  expect_refused(ErrorCode::unsupported, "data/alias: gc removes nothing: a version refers to");
}

}  // namespace
}  // namespace lancekeep::store
