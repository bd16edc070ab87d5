// SPDX-License-Identifier: Apache-2.0
#include "lance/table/commit.h"

#include <lancekeep/wait_hooks.h>

#include "lance/table/table_testing.h"
#include "lance/table/tags.h"

#include <chrono>
#include <stdexcept>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

struct Commit : TableTest {
  [[nodiscard]] ManifestFile newest() const {
    return read_manifest(*storage, list_versions(*storage).entries.back());
  }
  [[nodiscard]] std::uint64_t newest_version() const {
    const VersionList list = list_versions(*storage);
    return list.entries.empty() ? 0 : list.entries.back().version;
  }
};

TEST_F(Commit, MakesTheFirstVersionOfAnEmptyFolder) {
  const auto result = commit(*storage, commit_on(0));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->version, 1u);
  EXPECT_THAT(names(""), ElementsAre("_transactions", "_versions", "data"));
  EXPECT_THAT(names("_versions"), ElementsAre("18446744073709551614.manifest"));
  EXPECT_EQ(result->manifest_size, storage->size(list_versions(*storage).entries[0].path));
}

TEST_F(Commit, SetsVersionWriterAndTransactionNames) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
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

TEST_F(Commit, WritesTheTransactionInlineAndAsAFile) {
  const auto result = commit(*storage, commit_on(0));
  const ManifestFile file = newest();
  const std::string bytes = get(transaction_path(file.manifest.transaction_file));
  EXPECT_EQ(bytes.size(), result->transaction_size);
  EXPECT_EQ(decode_transaction(view(bytes)), file.transaction);
  EXPECT_EQ(file.transaction->properties, small_transaction().properties);
}

TEST_F(Commit, KeepsTheNamingSchemeOfTheDataset) {
  put(manifest_path(1, NamingScheme::v1),
      encode_manifest_file(small_manifest(), small_transaction()));
  ASSERT_TRUE(commit(*storage, commit_on(1)));
  EXPECT_THAT(names("_versions"), ElementsAre("1.manifest", "2.manifest"));
}

TEST_F(Commit, TimeStampsNeverGoBack) {
  CommitRequest request = commit_on(0);
  request.manifest.seconds = 9'000'000'000;
  request.manifest.nanos = 5;
  ASSERT_TRUE(commit(*storage, request));
  EXPECT_EQ(newest().manifest.seconds, 9'000'000'000);
  EXPECT_EQ(newest().manifest.nanos, 5);
}

TEST_F(Commit, TimeStampsAreTheCurrentTime) {
  const auto seconds = [] {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const std::int64_t before = seconds();
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  EXPECT_GE(newest().manifest.seconds, before);
  EXPECT_LE(newest().manifest.seconds, seconds());
}

TEST_F(Commit, RecomputesTheFlags) {
  CommitRequest request = commit_on(0);
  request.manifest.writer_flags = 32;
  request.manifest.config = {{"a", "b"}};
  request.manifest.fragments[0].deletion = DeletionFile{.num_deleted_rows = 1};
  ASSERT_TRUE(commit(*storage, request));
  EXPECT_EQ(newest().manifest.reader_flags, 1u);
  EXPECT_EQ(newest().manifest.writer_flags, 9u);
}

TEST_F(Commit, RejectsAnUnknownWriterFlag) {
  CommitRequest request = commit_on(0);
  request.manifest.writer_flags = 1 << 20;
  expect_error(ErrorCode::unsupported, "writer feature flag 1048576 (bit 20)",
               [&] { (void)commit(*storage, request); });
  EXPECT_THAT(names(""), ElementsAre());
}

TEST_F(Commit, OnTheSameVersionAsAnotherCommitFailsAndLeavesNoFiles) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  EXPECT_FALSE(commit(*storage, commit_on(0)));
  EXPECT_EQ(newest_version(), 1u);
  EXPECT_EQ(names("_versions").size(), 1u);
  EXPECT_EQ(names("_transactions").size(), 1u);
}

TEST_F(Commit, RejectsANumberThatWasFreed) {
  for (std::uint64_t version = 0; version < 3; ++version) {
    ASSERT_TRUE(commit(*storage, commit_on(version)));
  }
  storage->remove(manifest_path(2, NamingScheme::v2));
  EXPECT_FALSE(commit(*storage, commit_on(1)));
  EXPECT_EQ(newest_version(), 3u);
}

TEST_F(Commit, GivesTheNameToOneOfTwoThatPassAllChecks) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  CommitRequest slow = commit_on(1);
  slow.check = [&] {
    EXPECT_TRUE(commit(*io::open_local_storage(folder), commit_on(1)));
    return true;
  };
  EXPECT_FALSE(commit(*storage, slow));
  EXPECT_EQ(newest_version(), 2u);
  EXPECT_EQ(names("_versions").size(), 2u);
  EXPECT_EQ(names("_transactions").size(), 2u);
}

TEST_F(Commit, AnErrorInTheCheckStopsItAndLeavesNoFiles) {
  CommitRequest request = commit_on(0);
  request.check = []() -> bool { throw Error(ErrorCode::conflict, "cannot look"); };
  expect_error(ErrorCode::conflict, "cannot look", [&] { (void)commit(*storage, request); });
  EXPECT_THAT(names("_versions"), ElementsAre());
  EXPECT_THAT(names("_transactions"), ElementsAre());
}

TEST_F(Commit, ACheckThatReturnsFalseStopsItAndLeavesNoFiles) {
  CommitRequest request = commit_on(0);
  request.check = [] { return false; };
  EXPECT_FALSE(commit(*storage, request));
  EXPECT_THAT(names("_versions"), ElementsAre());
  EXPECT_THAT(names("_transactions"), ElementsAre());
}

TEST_F(Commit, SkipsTheNumberOfATornManifest) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  put(manifest_path(2, NamingScheme::v2), "");
  EXPECT_FALSE(commit(*storage, commit_on(1))) << "a writer that did not see it must plan again";
  CommitRequest request = commit_on(1);
  request.newest = 2;
  ASSERT_TRUE(commit(*storage, request));
  EXPECT_EQ(newest_version(), 3u);
  EXPECT_EQ(newest().manifest.version, 3u);
  EXPECT_EQ(newest().transaction->read_version, 1u);
  EXPECT_EQ(get(manifest_path(2, NamingScheme::v2)), "");
}

TEST_F(Commit, ItsFilesAreLockedUntilTheCommit) {
  CommitRequest request = commit_on(0);
  request.check = [&] {
    const auto other = io::open_local_storage(folder);
    for (const char* place : {"_versions", "_transactions"}) {
      EXPECT_FALSE(other->remove_unused(std::string(place) + "/" + names(place).at(0))) << place;
    }
    return true;
  };
  EXPECT_TRUE(commit(*storage, request));
}

TEST_F(Commit, RejectsAStoreThatWasReplaced) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  const std::filesystem::path old = folder.string() + ".old";
  std::filesystem::rename(folder, old);
  std::filesystem::create_directory(folder);
  expect_error(ErrorCode::conflict, "the store was replaced by another one; open it again",
               [&] { (void)commit(*storage, commit_on(1)); });
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(old);
}

TEST_F(Commit, RejectsAStoreThatWasRemoved) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  std::filesystem::remove_all(folder);
  expect_error(ErrorCode::not_found, "the store is gone: its folder was removed or renamed",
               [&] { (void)commit(*storage, commit_on(1)); });
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Commit, SaysThatTheVersionIsVisibleIfTheLastSyncFails) {
  auto counting = faulty({});
  ASSERT_TRUE(commit(*counting, commit_on(0)));
  auto failing = faulty({.fail_at = counting->calls()});
  expect_error(ErrorCode::io, "version 2 is visible, but may not survive a power cut",
               [&] { (void)commit(*failing, commit_on(1)); });
  EXPECT_EQ(newest_version(), 2u);
  EXPECT_EQ(newest().transaction->properties, small_transaction().properties);
}

TEST_F(Commit, CallsOnCommitOnceTheVersionHasItsName) {
  int calls = 0;
  CommitRequest request = commit_on(0);
  request.on_commit = [&] {
    ++calls;
    EXPECT_EQ(newest_version(), 1u);
  };
  auto counting = faulty({});
  ASSERT_TRUE(commit(*counting, request));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(commit(*storage, request));
  EXPECT_EQ(calls, 1);
}

// Each changing call fails in turn, either once or from then on. Either the old version or the new
// one remains, complete.
TEST_F(Commit, AFailureAnywhereLeavesTheOldVersionOrTheNewOne) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  auto counting = faulty({});
  ASSERT_TRUE(commit(*counting, commit_on(1)));
  ASSERT_GT(counting->calls(), 10u);
  for (const bool stays_broken : {false, true}) {
    for (std::uint64_t call = 1; call <= counting->calls(); ++call) {
      const std::uint64_t before = newest_version();
      const std::size_t files = names("_versions").size() + names("_transactions").size();
      EXPECT_THROW(
          (void)commit(*faulty({.fail_at = call, .stays_broken = stays_broken}), commit_on(before)),
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

TEST_F(Commit, LooksAtSignalsLastBeforeTheVersionGetsItsName) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  const auto files = names("_transactions");
  auto counting = faulty({});
  std::vector<std::uint64_t> calls;
  bool stops = true;
  const WaitScope scope({.check = [&] {
    calls.push_back(counting->calls());
    if (stops) throw std::runtime_error("Ctrl-C");
  }});
  EXPECT_THROW((void)commit(*counting, commit_on(1)), std::runtime_error);
  EXPECT_EQ(newest_version(), 1u);
  EXPECT_EQ(names("_transactions"), files);
  EXPECT_EQ(names("_versions").size(), 1u);
  stops = false;
  calls.clear();
  counting = faulty({});
  ASSERT_TRUE(commit(*counting, commit_on(1)));
  EXPECT_THAT(calls, ElementsAre(counting->calls() - 2)) << "the rename and one sync follow";
}

TEST_F(Commit, SetsAndMovesATag) {
  CommitRequest request = commit_on(0);
  request.tag = {.name = "best"};
  ASSERT_TRUE(commit(*storage, request));
  EXPECT_EQ(read_tag(*storage, "best").version, 1u);
  EXPECT_EQ(read_tag(*storage, "best").manifest_size,
            storage->size(manifest_path(1, NamingScheme::v2)));
  request.read_version = 1;
  expect_error(ErrorCode::already_exists, "tag `best` already points to version 1",
               [&] { (void)commit(*storage, request); });
  EXPECT_EQ(newest_version(), 1u);
  request.tag.move = true;
  ASSERT_TRUE(commit(*storage, request));
  EXPECT_EQ(read_tag(*storage, "best").version, 2u);
  EXPECT_THAT(names("_refs/tags"), ElementsAre("best.json"));
}

// A tag that cannot be written stops the commit; only its last rename and sync come after it.
TEST_F(Commit, AFailureLeavesTheTagWhereItWasOrMovesItWithTheVersion) {
  CommitRequest request = commit_on(0);
  request.tag = {.name = "best", .move = true};
  ASSERT_TRUE(commit(*storage, request));
  auto counting = faulty({});
  request.read_version = 1;
  ASSERT_TRUE(commit(*counting, request));
  for (std::uint64_t call = 1; call <= counting->calls(); ++call) {
    const std::uint64_t before = newest_version();
    const std::uint64_t tagged = read_tag(*storage, "best").version;
    request.read_version = before;
    std::string message;
    try {
      (void)commit(*faulty({.fail_at = call}), request);
    } catch (const Error& error) {
      message = error.what();
    }
    ASSERT_NE(message, "") << call;
    const std::uint64_t now = read_tag(*storage, "best").version;
    EXPECT_TRUE(now == tagged || now == newest_version()) << call;
    if (newest_version() != before && now == tagged) {
      EXPECT_THAT(message, testing::AnyOf(HasSubstr("is saved, but it could not be tagged"),
                                          HasSubstr("is visible, but may not survive")));
    }
    EXPECT_EQ(names("_refs/tags").size(), 1u) << call;
  }
}

TEST_F(Commit, NotesThatTheClockIsBehindTheVersionBefore) {
  CommitRequest request = commit_on(0);
  EXPECT_THAT(commit(*storage, request)->notes, testing::IsEmpty());
  request.read_version = 1;
  request.manifest.seconds = 2'051'222'400;  // 2035
  const auto result = commit(*storage, request);
  EXPECT_THAT(result->notes, ElementsAre(HasSubstr(
                                 "the clock is behind version 1, which is dated 2035-01-01T00:00:"
                                 "00.000000000Z; this version is dated as version 1")));
  EXPECT_EQ(newest().manifest.seconds, 2'051'222'400);
}

TEST_F(Commit, RejectsWhatReadersWouldReject) {
  CommitRequest request = commit_on(0);
  request.manifest.fragments[0].files[0].column_indices.clear();
  expect_error(ErrorCode::unsupported,
               "the version was not committed, because it could not be read",
               [&] { (void)commit(*storage, request); });
  EXPECT_TRUE(names("").empty());
}

TEST_F(Commit, WithoutDurabilityNothingIsSynced) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  auto durable = faulty({});
  ASSERT_TRUE(commit(*durable, commit_on(1)));
  auto quick = faulty({});
  CommitRequest request = commit_on(2);
  request.durable = false;
  ASSERT_TRUE(commit(*quick, request));
  EXPECT_EQ(quick->calls() + 3, durable->calls()) << "three folders; files are flushed, not synced";
}

}  // namespace
}  // namespace lancekeep::lance
