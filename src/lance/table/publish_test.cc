// SPDX-License-Identifier: Apache-2.0
#include "lance/table/publish.h"

#include "lance/table/table_testing.h"

#include <chrono>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

struct Publish : TableTest {
  [[nodiscard]] ManifestFile newest() const {
    return read_manifest(*storage, list_versions(*storage).entries.back());
  }
  [[nodiscard]] std::uint64_t newest_version() const {
    const VersionList list = list_versions(*storage);
    return list.entries.empty() ? 0 : list.entries.back().version;
  }
};

TEST_F(Publish, MakesTheFirstVersionOfAnEmptyFolder) {
  const auto published = publish(*storage, publication_on(0));
  ASSERT_TRUE(published);
  EXPECT_EQ(published->version, 1u);
  EXPECT_THAT(names(""), ElementsAre("_transactions", "_versions", "data"));
  EXPECT_THAT(names("_versions"), ElementsAre("18446744073709551614.manifest"));
  EXPECT_EQ(published->manifest_size, storage->size(list_versions(*storage).entries[0].path));
}

TEST_F(Publish, FillsInWhatOnlyItKnows) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  const ManifestFile file = newest();
  EXPECT_EQ(file.manifest.version, 1u);
  EXPECT_EQ(file.manifest.writer_library, "lancekeep");
  EXPECT_THAT(file.manifest.writer_version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(file.transaction->uuid,
              MatchesRegex("[0-9a-f]+-[0-9a-f]+-4[0-9a-f]+-[89ab][0-9a-f]+-[0-9a-f]+"));
  EXPECT_EQ(file.transaction->uuid.size(), 36u);
  EXPECT_EQ(file.manifest.transaction_file, "0-" + file.transaction->uuid + ".txn");
  EXPECT_EQ(file.manifest.fields, small_manifest().fields);
  EXPECT_EQ(file.manifest.fragments, small_manifest().fragments);
}

TEST_F(Publish, WritesTheTransactionInlineAndAsAFile) {
  const auto published = publish(*storage, publication_on(0));
  const ManifestFile file = newest();
  const std::string bytes = get(transaction_path(file.manifest.transaction_file));
  EXPECT_EQ(bytes.size(), published->transaction_size);
  EXPECT_EQ(decode_transaction(view(bytes)), file.transaction);
  EXPECT_EQ(file.transaction->properties, small_transaction().properties);
}

TEST_F(Publish, KeepsTheNamingSchemeItFinds) {
  put(manifest_path(1, NamingScheme::v1),
      encode_manifest_file(small_manifest(), small_transaction()));
  ASSERT_TRUE(publish(*storage, publication_on(1)));
  EXPECT_THAT(names("_versions"), ElementsAre("1.manifest", "2.manifest"));
}

TEST_F(Publish, StampsNeverGoBack) {
  Publication publication = publication_on(0);
  publication.manifest.seconds = 9'000'000'000;
  publication.manifest.nanos = 5;
  ASSERT_TRUE(publish(*storage, publication));
  EXPECT_EQ(newest().manifest.seconds, 9'000'000'000);
  EXPECT_EQ(newest().manifest.nanos, 5);
}

TEST_F(Publish, StampsAreOfNow) {
  const auto seconds = [] {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const std::int64_t before = seconds();
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  EXPECT_GE(newest().manifest.seconds, before);
  EXPECT_LE(newest().manifest.seconds, seconds());
}

TEST_F(Publish, RecomputesTheFlags) {
  Publication publication = publication_on(0);
  publication.manifest.writer_flags = 32;
  publication.manifest.config = {{"a", "b"}};
  publication.manifest.fragments[0].deletion = DeletionFile{};
  ASSERT_TRUE(publish(*storage, publication));
  EXPECT_EQ(newest().manifest.reader_flags, 1u);
  EXPECT_EQ(newest().manifest.writer_flags, 9u);
}

TEST_F(Publish, RefusesToWriteUponAnUnknownWriterFlag) {
  Publication publication = publication_on(0);
  publication.manifest.writer_flags = 1 << 20;
  expect_error(ErrorCode::unsupported, "writer feature flag 1048576 (bit 20)",
               [&] { (void)publish(*storage, publication); });
  EXPECT_THAT(names(""), ElementsAre());
}

TEST_F(Publish, OfTwoOnTheSameVersionOneGetsNothingAndLeavesNothing) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  EXPECT_FALSE(publish(*storage, publication_on(0)));
  EXPECT_EQ(newest_version(), 1u);
  EXPECT_EQ(names("_versions").size(), 1u);
  EXPECT_EQ(names("_transactions").size(), 1u);
}

TEST_F(Publish, RefusesANumberThatBecameFreeAgain) {
  for (std::uint64_t version = 0; version < 3; ++version) {
    ASSERT_TRUE(publish(*storage, publication_on(version)));
  }
  storage->remove(manifest_path(2, NamingScheme::v2));
  EXPECT_FALSE(publish(*storage, publication_on(1)));
  EXPECT_EQ(newest_version(), 3u);
}

TEST_F(Publish, OfTwoThatPassEveryCheckOneGetsTheName) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  Publication slow = publication_on(1);
  slow.check = [&] {
    EXPECT_TRUE(publish(*io::open_local_storage(folder), publication_on(1)));
    return true;
  };
  EXPECT_FALSE(publish(*storage, slow));
  EXPECT_EQ(newest_version(), 2u);
  EXPECT_EQ(names("_versions").size(), 2u);
  EXPECT_EQ(names("_transactions").size(), 2u);
}

TEST_F(Publish, AFailedCheckStopsItWithoutATrace) {
  Publication publication = publication_on(0);
  publication.check = []() -> bool { throw Error(ErrorCode::conflict, "cannot look"); };
  expect_error(ErrorCode::conflict, "cannot look", [&] { (void)publish(*storage, publication); });
  EXPECT_THAT(names("_versions"), ElementsAre());
  EXPECT_THAT(names("_transactions"), ElementsAre());
}

TEST_F(Publish, ACheckThatSaysNoStopsItWithoutATrace) {
  Publication publication = publication_on(0);
  publication.check = [] { return false; };
  EXPECT_FALSE(publish(*storage, publication));
  EXPECT_THAT(names("_versions"), ElementsAre());
  EXPECT_THAT(names("_transactions"), ElementsAre());
}

TEST_F(Publish, GoesAboveATornManifestAndNotOverIt) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  put(manifest_path(2, NamingScheme::v2), "");
  EXPECT_FALSE(publish(*storage, publication_on(1))) << "whoever did not see it plans again";
  Publication publication = publication_on(1);
  publication.newest = 2;
  ASSERT_TRUE(publish(*storage, publication));
  EXPECT_EQ(newest_version(), 3u);
  EXPECT_EQ(newest().manifest.version, 3u);
  EXPECT_EQ(newest().transaction->read_version, 1u);
  EXPECT_EQ(get(manifest_path(2, NamingScheme::v2)), "");
}

TEST_F(Publish, ItsFilesAreLockedUntilTheyAreNamed) {
  Publication publication = publication_on(0);
  publication.check = [&] {
    const auto other = io::open_local_storage(folder);
    for (const char* place : {"_versions", "_transactions"}) {
      EXPECT_FALSE(other->remove_unused(std::string(place) + "/" + names(place).at(0))) << place;
    }
    return true;
  };
  EXPECT_TRUE(publish(*storage, publication));
}

TEST_F(Publish, RefusesAStoreThatWasReplaced) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  const std::filesystem::path old = folder.string() + ".old";
  std::filesystem::rename(folder, old);
  std::filesystem::create_directory(folder);
  expect_error(ErrorCode::conflict, "the store was replaced; nothing was published",
               [&] { (void)publish(*storage, publication_on(1)); });
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(old);
}

TEST_F(Publish, RefusesAStoreThatWasRemoved) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  std::filesystem::remove_all(folder);
  expect_error(ErrorCode::conflict, "the store was replaced",
               [&] { (void)publish(*storage, publication_on(1)); });
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Publish, SaysThatAVersionIsVisibleWhereTheLastSyncFails) {
  auto counting = faulty({});
  ASSERT_TRUE(publish(*counting, publication_on(0)));
  auto failing = faulty({.fail_at = counting->calls()});
  expect_error(ErrorCode::io, "version 2 is visible, but may not survive a power cut",
               [&] { (void)publish(*failing, publication_on(1)); });
  EXPECT_EQ(newest_version(), 2u);
  EXPECT_EQ(newest().transaction->properties, small_transaction().properties);
}

TEST_F(Publish, TellsWhenTheVersionHasItsNameAndOnlyThen) {
  int told = 0;
  Publication publication = publication_on(0);
  publication.visible = [&] {
    ++told;
    EXPECT_EQ(newest_version(), 1u);
  };
  auto counting = faulty({});
  ASSERT_TRUE(publish(*counting, publication));
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(publish(*storage, publication));
  EXPECT_EQ(told, 1);
}

// Each changing call fails in turn, once, or from then on: the old version or the new one, whole.
TEST_F(Publish, AFailureAnywhereLeavesTheOldVersionOrTheNewOne) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  auto counting = faulty({});
  ASSERT_TRUE(publish(*counting, publication_on(1)));
  ASSERT_GT(counting->calls(), 10u);
  for (const bool stays_broken : {false, true}) {
    for (std::uint64_t call = 1; call <= counting->calls(); ++call) {
      const std::uint64_t before = newest_version();
      const std::size_t files = names("_versions").size() + names("_transactions").size();
      EXPECT_THROW((void)publish(*faulty({.fail_at = call, .stays_broken = stays_broken}),
                                 publication_on(before)),
                   Error);
      const bool is_last = call == counting->calls();
      EXPECT_EQ(newest_version(), is_last ? before + 1 : before) << call;
      EXPECT_EQ(newest().transaction->read_version + 1, newest_version());
      if (!stays_broken && !is_last) {
        EXPECT_EQ(names("_versions").size() + names("_transactions").size(), files) << call;
      }
    }
  }
}

TEST_F(Publish, WithoutDurabilityNothingIsSynced) {
  ASSERT_TRUE(publish(*storage, publication_on(0)));
  auto durable = faulty({});
  ASSERT_TRUE(publish(*durable, publication_on(1)));
  auto quick = faulty({});
  Publication publication = publication_on(2);
  publication.durable = false;
  ASSERT_TRUE(publish(*quick, publication));
  EXPECT_EQ(quick->calls() + 3, durable->calls()) << "three folders; files are flushed, not synced";
}

}  // namespace
}  // namespace lancekeep::lance
