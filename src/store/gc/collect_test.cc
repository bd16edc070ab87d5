// SPDX-License-Identifier: Apache-2.0
// What a clean-up removes, and what it keeps.
#include "lance/table/commit.h"
#include "lance/table/deletion_file.h"
#include "store/gc/gc_testing.h"

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class Collect : public GcTest {};

TEST_F(Collect, RemovesOldVersionsAndFilesThatOnlyTheyUse) {
  for (unsigned seed = 1; seed <= 4; ++seed) save(seed);
  const auto before = files();
  const GcReport report = collect({.keep_last = 2});
  EXPECT_THAT(report.versions_removed, ElementsAre(1u, 2u));
  EXPECT_EQ(report.files_removed, 6u) << "each version's manifest, transaction and data file";
  std::uint64_t freed = 0;
  for (const auto& [path, content] : before) freed += is_there(path) ? 0 : content.size();
  EXPECT_EQ(report.bytes_freed, freed);
  EXPECT_EQ(before.size() - files().size(), 6u);
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_THAT(versions(), ElementsAre(3u, 4u));
  expect_model(3, 3);
  expect_model(4, 4);
  EXPECT_EQ(save(5), 5u);
}

TEST_F(Collect, ThePublicCallDoesTheSame) {
  for (unsigned seed = 1; seed <= 3; ++seed) save(seed);
  EXPECT_THAT(store_.gc({.keep_last = 1}).versions_removed, ElementsAre(1u, 2u));
  EXPECT_THAT(store_.gc({.older_than = std::chrono::hours(1)}).versions_removed, IsEmpty());
  expect_model(3, 3);
}

TEST_F(Collect, OfAStoreWithoutVersionsFindsNothing) {
  const GcOptions options{.keep_last = 1, .orphans_older_than = kAnyAge};
  std::filesystem::remove(path_);
  EXPECT_EQ(store_.gc(options).files_removed, 0u);
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::create_directories(path_ / "_versions");
  EXPECT_EQ(store_.gc(options).files_removed, 0u);
}

TEST_F(Collect, UsesTheTimesInTheManifests) {
  save(1);
  save(2);
  EXPECT_THAT(
      collect({.older_than = std::chrono::hours(2)}, std::chrono::hours(1)).versions_removed,
      IsEmpty());
  EXPECT_THAT(
      collect({.older_than = std::chrono::hours(2)}, std::chrono::hours(3)).versions_removed,
      ElementsAre(1u));
}

TEST_F(Collect, KeepsTaggedVersions) {
  for (unsigned seed = 1; seed <= 4; ++seed) save(seed);
  store_.tag("best", 2);
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, ElementsAre(1u, 3u));
  expect_model(2, 2);
  expect_model(4, 4);
}

TEST_F(Collect, KeepsFilesThatARemainingVersionShares) {
  save(1);
  save(2);
  lance::CommitRequest again;  // version 3 is version 1 once more
  again.read_version = 2;
  again.manifest = manifest_of(1).manifest;
  again.transaction = *manifest_of(1).transaction;
  ASSERT_TRUE(lance::commit(*storage_, again));
  const GcReport report = collect({.keep_last = 1, .orphans_older_than = kAnyAge});
  EXPECT_THAT(report.versions_removed, ElementsAre(1u, 2u));
  EXPECT_EQ(report.files_removed, 5u) << "all files of both versions except the shared data file";
  expect_model(3, 1);
}

TEST_F(Collect, RemovesDeletionFilesWithTheirVersions) {
  save(1);
  put("_deletions/0-1-77.bin", lance::encode_roaring({0}));
  put("_deletions/0-1-78.bin", lance::encode_roaring({0}));
  const auto delete_rows = [](std::uint64_t id) {
    return [id](lance::Manifest& manifest) {
      manifest.fragments[0].deletion =
          lance::DeletionFile{.read_version = 1, .id = id, .num_deleted_rows = 1};
    };
  };
  put_version(2, delete_rows(77));
  put_version(3, delete_rows(78));
  collect({.keep_last = 1});
  EXPECT_FALSE(is_there("_deletions/0-1-77.bin"));
  EXPECT_TRUE(is_there("_deletions/0-1-78.bin"));
}

TEST_F(Collect, ADryRunReportsTheSameAndChangesNothing) {
  for (unsigned seed = 1; seed <= 3; ++seed) save(seed);
  put("data/" + kStem + ".lance");
  put("data/notes.txt");
  GcOptions options{.keep_last = 1, .orphans_older_than = kAnyAge, .dry_run = true};
  const auto before = files();
  const GcReport dry = collect(options);
  EXPECT_EQ(files(), before);
  EXPECT_TRUE(dry.dry_run);
  options.dry_run = false;
  const GcReport wet = collect(options);
  EXPECT_FALSE(wet.dry_run);
  EXPECT_EQ(dry.versions_removed, wet.versions_removed);
  EXPECT_EQ(dry.files_removed, wet.files_removed);
  EXPECT_EQ(dry.bytes_freed, wet.bytes_freed);
  EXPECT_EQ(dry.notes, wet.notes);
  EXPECT_EQ(wet.files_removed, 7u);
}

TEST_F(Collect, MappedFilesStayReadable) {
  save(1);
  save(2);
  const Version old = store_.at(1);
  const TensorView view = old.tensor("head.weight");
  const std::string data = data_file_of(1);
  collect({.keep_last = 1});
  ASSERT_FALSE(is_there(data));
  EXPECT_EQ(text_of(view), changing_model(1).value(2));
}

TEST_F(Collect, RejectsAStoreThatWasReplaced) {
  save(1);
  MemorySource source = changing_model(2);
  Store::replace(path_, source);
  EXPECT_THAT([&] { collect({.keep_last = 1}); },
              io::fails_with(ErrorCode::conflict, "the store was replaced"));
}

TEST_F(Collect, TakesTheLockFirst) {
  save(1);
  io::FaultStorage locked(io::open_local_storage(path_), {.fail_at = 1, .code = ErrorCode::io});
  EXPECT_THAT([&] { (void)collect_garbage(locked, {.keep_last = 1}, {}); },
              io::fails_with(ErrorCode::io, "(lock)"));
}

TEST_F(Collect, NotesTagsOfMissingVersions) {
  save(1);
  put("_refs/tags/lost.json", R"({"branch":null,"version":9})");
  EXPECT_THAT(collect({.keep_last = 1}).notes,
              ElementsAre("version 9 does not exist, but is tagged: lost"));
}

TEST_F(Collect, KnowsBothNamingSchemes) {
  save(1);
  save(2);
  for (const std::uint64_t version : {1u, 2u}) {
    fs::rename(path_ / lance::manifest_path(version, lance::NamingScheme::v2),
               path_ / lance::manifest_path(version, lance::NamingScheme::v1));
  }
  EXPECT_THAT(collect({.keep_last = 1}).versions_removed, ElementsAre(1u));
  EXPECT_FALSE(is_there("_versions/1.manifest"));
  expect_model(2, 2);
}

}  // namespace
}  // namespace lancekeep::store
