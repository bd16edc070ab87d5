// SPDX-License-Identifier: Apache-2.0
#include "lance/table/known_files.h"

#include "lance/file/data_file_name.h"
#include "lance/table/table_testing.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

const std::string stem = "101000011000111000011111956c204177a2047a9f78d5a0cf";
const std::string uuid = "1323e9e9-eaf3-4b17-9fcd-e12a0946f3ba";
const std::string blob = "10000000000000000000000000000000.blob";

TEST(KnownFiles, AreToldByFolderAndName) {
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

TEST(KnownFiles, WhatWeNameOurselvesIsAmongThem) {
  EXPECT_EQ(kind_of_file("data/" + new_data_file_name()), FileKind::data);
  EXPECT_EQ(kind_of_file(fmt::format("_transactions/0-{}.txn", io::random_uuid())),
            FileKind::transaction);
  EXPECT_EQ(kind_of_file(fmt::format("_versions/{}.tmp", io::random_uuid())), FileKind::temporary);
}

TEST(KnownFiles, TemporaryOnesAreToldByTheirEnding) {
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

TEST(KnownFiles, OtherNamesAreSomeoneElses) {
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
      "_indices/" + uuid + "/index.idx",
      "_versionsx/1.manifest",
      stem + ".lance",
      "tree/dev/data/" + stem + ".lance",
  };
  for (const std::string& path : foreign) EXPECT_EQ(kind_of_file(path), std::nullopt) << path;
}

TEST(KnownFiles, ASidecarBelongsToTheDataFileOfItsStem) {
  EXPECT_EQ(owner_of_sidecar("data/" + stem + "/" + blob), "data/" + stem + ".lance");
}

TEST(KnownFiles, SidecarsLieInAFolderNamedAsTheirDataFile) {
  EXPECT_TRUE(is_sidecar_folder("data/" + stem));
  EXPECT_FALSE(is_sidecar_folder("data/photos"));
  EXPECT_FALSE(is_sidecar_folder("data/" + stem + "/" + stem));
  EXPECT_FALSE(is_sidecar_folder(stem));
}

using KnownFolders = TableTest;

TEST_F(KnownFolders, AreListedWithAllThatIsInThem) {
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
