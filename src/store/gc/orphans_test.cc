// SPDX-License-Identifier: Apache-2.0
// Which unreferenced files a clean-up removes, and which it keeps.
#include "store/gc/gc_testing.h"

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CollectOrphans : public GcTest {};

TEST_F(CollectOrphans, RemovesOrphansOnceTheyAreOld) {
  save(1);
  const std::string orphan = "data/" + kStem + ".lance";
  put(orphan, "12345");
  make_older(orphan, std::chrono::hours(24));
  const GcReport young = collect({.keep_last = 1, .orphans_older_than = std::chrono::hours(48)});
  EXPECT_EQ(young.orphans_kept, 1u);
  EXPECT_EQ(young.orphan_bytes_kept, 5u);
  EXPECT_EQ(young.files_removed, 0u);
  EXPECT_TRUE(is_there(orphan));
  const GcReport old = collect({.keep_last = 1, .orphans_older_than = std::chrono::hours(23)});
  EXPECT_EQ(old.orphans_kept, 0u);
  EXPECT_EQ(old.files_removed, 1u);
  EXPECT_EQ(old.bytes_freed, 5u);
  EXPECT_FALSE(is_there(orphan));
  expect_model(1, 1);
}

TEST_F(CollectOrphans, RemovesEveryKindOfOrphan) {
  save(1);
  const auto before = files();
  for (const std::string& path :
       {"data/" + kStem + ".lance", "data/" + kStem + ".lance#1", "data/" + kUuid + ".lance",
        "data/" + kStem + "/" + kBlob, "data/" + kStem + "/" + kBlob + "#2",
        std::string("_deletions/0-1-5.bin"), std::string("_deletions/0-1-5.arrow#1"),
        "_transactions/0-" + kUuid + ".txn", "_versions/" + kUuid + ".tmp",
        std::string("_versions/18446744073709551600.manifest#1"),
        std::string("_refs/tags/best.json#1"), "_refs/tags/" + kUuid + ".tmp"}) {
    put(path);
  }
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed, 12u);
  EXPECT_EQ(files(), before);
  EXPECT_FALSE(is_there("data/" + kStem)) << "an empty folder of blobs is removed";
  EXPECT_TRUE(is_there("_deletions"));
}

TEST_F(CollectOrphans, KeepsAnOrphanThatSomeoneIsWriting) {
  save(1);
  const std::string orphan = "data/" + kStem + ".lance";
  auto file = io::open_local_storage(path_)->create(orphan);
  file->write("1234");
  const GcReport report = collect({.keep_last = 1, .orphans_older_than = kAnyAge});
  EXPECT_EQ(report.orphans_kept, 1u);
  EXPECT_EQ(report.orphan_bytes_kept, 4u);
  EXPECT_TRUE(is_there(orphan));
  file.reset();
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed, 1u);
}

TEST_F(CollectOrphans, KeepsTheFilesOfARunningSave) {
  save(1);
  MemorySource source = changing_model(2);
  std::optional<GcReport> report;
  const auto collect_meanwhile = [&](std::uint64_t done, std::uint64_t total, std::string_view) {
    if (done == total) report = collect({.keep_last = 1, .orphans_older_than = kAnyAge});
  };
  store_.save(source, {.progress = collect_meanwhile});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->orphans_kept, 1u);
  EXPECT_EQ(report->files_removed, 0u);
  expect_model(2, 2);
}

TEST_F(CollectOrphans, ReleasedFilesNeedNoAge) {
  save(1);
  save(2);
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = std::chrono::hours(1)}).files_removed,
            3u);
}

TEST_F(CollectOrphans, KeepsWhatLanceDoesNotWrite) {
  save(1);
  for (const std::string path :
       {"notes.txt", "data/notes.txt", "data/model.lance", "data/a/b.blob", "_versions/README",
        "_deletions/mine.bin", "_indices/1/index.idx", "_versions/latest_version_hint.json"}) {
    put(path);
  }
  const auto before = files();
  const GcReport report = collect({.keep_last = 1, .orphans_older_than = kAnyAge});
  EXPECT_EQ(files(), before);
  EXPECT_EQ(report.files_removed, 0u);
  EXPECT_THAT(report.notes, ElementsAre("kept 6 files with names that Lance does not write"));
}

TEST_F(CollectOrphans, KeepsLinksAndFoldersWithTheNamesOfFiles) {
  save(1);
  folder_.write("outside/" + kStem + ".lance", "precious");
  put("data/notes.txt", "mine");
  const std::string link = "data/" + kUuid + ".lance";
  const std::string link_to_folder = "data/" + kStem;
  const std::string folder = "data/" + kStem + ".lance";
  fs::create_symlink("notes.txt", path_ / link);
  fs::create_directory_symlink(folder_ / "outside", path_ / link_to_folder);
  fs::create_directory(path_ / folder);
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed, 0u);
  for (const std::string& path : {link, link_to_folder, folder})
    EXPECT_TRUE(is_there(path)) << path;
  EXPECT_EQ(folder_.read("outside/" + kStem + ".lance"), "precious");
}

TEST_F(CollectOrphans, DoesNotFollowFolderLinks) {
  save(1);
  put("elsewhere/0-1-5.bin");
  fs::create_directory_symlink("elsewhere", path_ / "_deletions");
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed, 0u);
  EXPECT_TRUE(is_there("elsewhere/0-1-5.bin"));
}

TEST_F(CollectOrphans, AVersionWhoseManifestIsALinkIsKept) {
  save(1);
  save(2);
  const std::string manifest = lance::manifest_path(1, lance::NamingScheme::v2);
  fs::rename(path_ / manifest, path_ / "moved");
  fs::create_symlink("../moved", path_ / manifest);
  expect_refused(ErrorCode::unsupported, "a version refers to this path, which is a link");
}

// --- blobs beside a data file -------------------------------------------------------------------

TEST_F(CollectOrphans, BlobsAreRemovedWithTheDataFileBesideThem) {
  save(1);
  save(2);
  const auto stem = [&](std::uint64_t version) {
    const std::string path = data_file_of(version);
    return path.substr(0, path.size() - std::string(".lance").size());
  };
  const std::string old = stem(1), latest = stem(2);
  put(old + "/" + kBlob);
  put(latest + "/" + kBlob);
  EXPECT_EQ(collect({.keep_last = 1}).files_removed, 4u);
  EXPECT_FALSE(is_there(old));
  EXPECT_TRUE(is_there(latest + "/" + kBlob));
}

TEST_F(CollectOrphans, BlobsAreNoOlderThanTheDataFileBesideThem) {
  save(1);
  const std::string blob = "data/" + kStem + "/" + kBlob;
  put(blob);
  make_older(blob, std::chrono::hours(100));
  put("data/" + kStem + ".lance");
  const GcOptions options{.keep_last = 1, .orphans_older_than = std::chrono::hours(50)};
  EXPECT_EQ(collect(options).orphans_kept, 2u);
  make_older("data/" + kStem + ".lance", std::chrono::hours(100));
  EXPECT_EQ(collect(options).files_removed, 2u);
}

TEST_F(CollectOrphans, AnEmptyBlobFolderIsRemovedOnceItIsOld) {
  save(1);
  const std::string folder = "data/" + kStem;
  fs::create_directory(path_ / folder);
  collect({.keep_last = 1, .orphans_older_than = std::chrono::hours(1)});
  EXPECT_TRUE(is_there(folder)) << "someone may be about to put a blob into it";
  make_older(folder, std::chrono::hours(2));
  collect({.keep_last = 1, .orphans_older_than = std::chrono::hours(1)});
  EXPECT_FALSE(is_there(folder));
}

TEST_F(CollectOrphans, ABlobFolderWithOtherFilesIsKept) {
  save(1);
  put("data/" + kStem + "/" + kBlob);
  put("data/" + kStem + "/notes.txt");
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed, 1u);
  EXPECT_TRUE(is_there("data/" + kStem + "/notes.txt"));
}

// --- manifests that were cut short --------------------------------------------------------------

class CollectTorn : public GcTest, public testing::WithParamInterface<const char*> {};

TEST_P(CollectTorn, IsNotAVersionAndIsRemovedOnceItIsOld) {
  save(1);
  save(2);
  const std::string torn = lance::manifest_path(3, lance::NamingScheme::v2);
  put(torn, GetParam());
  make_older(torn, std::chrono::hours(24));
  const GcReport young = collect({.keep_last = 1, .orphans_older_than = std::chrono::hours(48)});
  EXPECT_THAT(young.versions_removed, ElementsAre(1u)) << "2 is the latest readable version";
  EXPECT_EQ(young.orphans_kept, 1u);
  expect_model(2, 2);
  const GcReport old = collect({.keep_last = 1, .orphans_older_than = std::chrono::hours(23)});
  EXPECT_THAT(old.versions_removed, IsEmpty());
  EXPECT_EQ(old.files_removed, 1u);
  EXPECT_THAT(old.notes, ElementsAre(HasSubstr("a manifest that was cut short")));
  EXPECT_THAT(versions(), ElementsAre(2u));
  EXPECT_EQ(save(3), 3u);
}

INSTANTIATE_TEST_SUITE_P(Contents, CollectTorn, testing::Values("", "LAN", "half a manifest"));

}  // namespace
}  // namespace lancekeep::store
