// SPDX-License-Identifier: Apache-2.0
#include "lance/table/file_names.h"

#include "io/random_id.h"
#include "lance/table/table_testing.h"

namespace lancekeep::lance {
namespace {

TEST(ManifestName, RoundTrips) {
  EXPECT_EQ(manifest_path(1, NamingScheme::v2), "_versions/18446744073709551614.manifest");
  EXPECT_EQ(manifest_path(12, NamingScheme::v1), "_versions/12.manifest");
  EXPECT_EQ(manifest_path((std::uint64_t{1} << 63) - 1, NamingScheme::v2),
            "_versions/09223372036854775808.manifest");
  EXPECT_EQ(parse_manifest_name("18446744073709551614.manifest")->version, 1u);
  EXPECT_EQ(parse_manifest_name("18446744073709551614.manifest")->scheme, NamingScheme::v2);
  EXPECT_EQ(parse_manifest_name("12.manifest")->version, 12u);
  EXPECT_EQ(parse_manifest_name("12.manifest")->scheme, NamingScheme::v1);
}

TEST(ManifestName, OtherFilesInTheFolderAreNotVersions) {
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

DataFile data_file(const std::string& path) {
  DataFile file;
  file.path = path;
  return file;
}

TEST(DataPath, IsBelowData) {
  EXPECT_EQ(data_path(data_file("a.lance")), "data/a.lance");
  EXPECT_EQ(data_path(data_file("sub/a.lance")), "data/sub/a.lance");
  EXPECT_EQ(data_path(data_file("..a")), "data/..a");
}

TEST(DataPath, RejectsPathsThatLeaveTheFolder) {
  for (const std::string& path :
       {std::string("/etc/passwd"), std::string(".."), std::string("../x"),
        std::string("a/../../x"), std::string("a//b"), std::string("a/"), std::string("./a"),
        std::string("a/."), std::string("a\0b", 3), std::string()}) {
    expect_error(ErrorCode::unsafe, "leaves the store; expected a path below data/",
                 [&] { (void)data_path(data_file(path)); });
  }
}

TEST(DataPath, ShowsAHostileNameWithoutControlCharacters) {
  expect_error(ErrorCode::unsafe, "`../\\x1b[2J`",
               [] { (void)data_path(data_file("../\x1b[2J")); });
}

TEST(DataPath, RejectsFilesOfAnotherBasePath) {
  DataFile file = data_file("a.lance");
  file.base_id = 3;
  expect_error(ErrorCode::unsupported, "data file `a.lance` is in base path 3",
               [&] { (void)data_path(file); });
}

TEST(DeletionPath, IsBuiltFromItsNumbers) {
  DeletionFile file;
  file.read_version = 4;
  file.id = 18446744073709551615u;
  EXPECT_EQ(deletion_path(7, file), "_deletions/7-4-18446744073709551615.bin");
  file.kind = DeletionFile::Kind::arrow;
  EXPECT_EQ(deletion_path(7, file), "_deletions/7-4-18446744073709551615.arrow");
}

TEST(DeletionPath, RejectsFilesOfAnotherBasePath) {
  DeletionFile file;
  file.base_id = 0;
  expect_error(ErrorCode::unsupported, "the deletion file of fragment 7 is in base path 0",
               [&] { (void)deletion_path(7, file); });
}

TEST(TransactionPath, IsAFileInItsFolder) {
  EXPECT_EQ(transaction_path("0-x.txn"), "_transactions/0-x.txn");
  for (const char* name : {"", "..", "../0-x.txn", "a/b", "/a"}) {
    expect_error(ErrorCode::unsafe, "leaves the store; expected a name in _transactions/",
                 [&] { (void)transaction_path(name); });
  }
}

const std::string stem = "101000011000111000011111956c204177a2047a9f78d5a0cf";
const std::string uuid = "1323e9e9-eaf3-4b17-9fcd-e12a0946f3ba";
const std::string blob = "10000000000000000000000000000000.blob";

TEST(KindOfFile, DependsOnFolderAndName) {
  using enum FileKind;
  const std::pair<std::string, FileKind> known[] = {
      {"data/" + stem + ".lance", data},
      {"data/" + uuid + ".lance", data},
      {"data/" + stem + "/" + blob, sidecar},
      {"_deletions/0-1-18446744073709551615.bin", deletion},
      {"_deletions/7-3-5.arrow", deletion},
      {"_transactions/12-" + uuid + ".txn", transaction},
      {"_versions/18446744073709551614.manifest", manifest},
      {"_versions/12.manifest", manifest},
      {"_versions/d9223372036854775809.manifest", detached},
      {"_versions/09223372036854775806.manifest", detached},
      {"_versions/latest_version_hint.json", version_hint},
      {"_refs/tags/best.json", tag},
      {"_refs/branches/dev%2Fx.json", branch},
  };
  for (const auto& [path, kind] : known) EXPECT_EQ(kind_of_file(path), kind) << path;
}

TEST(KindOfFile, KnowsTheNamesWeWrite) {
  EXPECT_EQ(kind_of_file("data/" + new_data_file_name()), FileKind::data);
  const std::string id = io::random_uuid();
  EXPECT_EQ(kind_of_file(transaction_path(transaction_file_name({.read_version = 3, .uuid = id}))),
            FileKind::transaction);
  EXPECT_EQ(kind_of_file(tag_path("best")), FileKind::tag);
  for (const char* folder : {kVersionsFolder, kTagsFolder}) {
    EXPECT_EQ(kind_of_file(temporary_path(folder, id)), FileKind::temporary) << folder;
  }
}

TEST(KindOfFile, KnowsTemporaryFilesByTheirEnding) {
  const std::string temporary[] = {
      "data/" + stem + ".lance#1",
      "data/" + stem + "/" + blob + "#12",
      "_versions/18446744073709551614.manifest#1",
      "_versions/latest_version_hint.json#1",
      "_versions/" + uuid + ".tmp",
      "_transactions/12-" + uuid + ".txn#3",
      "_deletions/7-3-5.arrow#1",
      "_refs/tags/best.json#1",
      "_refs/tags/" + uuid + ".tmp",
  };
  for (const std::string& path : temporary) {
    EXPECT_EQ(kind_of_file(path), FileKind::temporary) << path;
  }
}

TEST(KindOfFile, IsUnsetForOtherNames) {
  const std::string foreign[] = {
      "",
      "data",
      "data/",
      "data/.lance",
      "data/model.lance",
      "data/" + stem,
      "data/" + stem + ".lance.old",
      "data/2" + stem.substr(1) + ".lance",
      "data/" + stem.substr(1) + ".lance",
      "data/" + stem + "0.lance",
      "data/" + stem + ".lance#",
      "data/" + stem + ".lance#1a",
      "data/notes.txt#1",
      "data/a/" + stem + ".lance",
      "data/" + stem + "/" + stem + "/" + blob,
      "data/" + stem + "/1.blob",
      "data/" + stem + "/a.tmp",
      "data/" + blob,
      "data/photos/" + blob,
      "_deletions/7-3.bin",
      "_deletions/7-3-5-6.bin",
      "_deletions/7--5.bin",
      "_deletions/a-3-5.bin",
      "_transactions/" + uuid + ".txn",
      "_transactions/-" + uuid + ".txn",
      "_transactions/1-" + uuid.substr(1) + ".txn",
      "_transactions/1-" + uuid + ".txt",
      "_versions/x.manifest",
      "_versions/d.manifest",
      "_versions/.manifest",
      "_versions/sub/1.manifest",
      "_versions/.tmp",
      "_refs/tags/.json",
      "_refs/tags/sub/best.json",
      "_refs/best.json",
      "_indices/" + uuid.substr(1) + "/index.idx",
      "_indices/" + uuid,
      "_versionsx/1.manifest",
      stem + ".lance",
      "tree/dev/data/" + stem + ".lance",
  };
  for (const std::string& path : foreign) EXPECT_EQ(kind_of_file(path), std::nullopt) << path;
  EXPECT_EQ(kind_of_file("_indices/" + uuid + "/index.idx"), FileKind::index);
  EXPECT_EQ(index_folder_of("_indices/" + uuid + "/a/b"), "_indices/" + uuid);
  EXPECT_EQ(index_folder_of("_indices/" + uuid), "_indices/" + uuid);
  EXPECT_EQ(index_folder_of("_indices/" + uuid + "x/a"), std::nullopt);
}

TEST(KindOfFile, ASidecarBelongsToTheDataFileOfItsStem) {
  EXPECT_EQ(owner_of_sidecar("data/" + stem + "/" + blob), "data/" + stem + ".lance");
}

TEST(KindOfFile, SidecarsAreInAFolderNamedAsTheirDataFile) {
  EXPECT_TRUE(is_sidecar_folder("data/" + stem));
  EXPECT_FALSE(is_sidecar_folder("data/photos"));
  EXPECT_FALSE(is_sidecar_folder("data/" + stem + "/" + stem));
  EXPECT_FALSE(is_sidecar_folder(stem));
}

using LanceFolders = TableTest;

TEST_F(LanceFolders, AreListedWithTheirContent) {
  put("data/a/b.lance", "");
  put("_refs/tags/best.json", "{}");
  put("tree/dev/data/c.lance", "");
  put("elsewhere/0-1-5.bin", "");
  std::filesystem::create_directory_symlink("elsewhere", folder / "_deletions");
  std::vector<std::string> paths;
  for (const auto& [path, entry] : list_lance_folders(*storage)) paths.push_back(path);
  EXPECT_THAT(paths, testing::ElementsAre("_refs", "_refs/tags", "_refs/tags/best.json", "data",
                                          "data/a", "data/a/b.lance"));
}

}  // namespace
}  // namespace lancekeep::lance
