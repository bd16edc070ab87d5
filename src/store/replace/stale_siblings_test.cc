// SPDX-License-Identifier: Apache-2.0
#include "store/replace/stale_siblings.h"

#include "io/local_storage.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;

class StaleSiblings : public testing::Test {
 protected:
  StaleSiblings() {
    MemorySource source = small_model();
    Store::create(folder_ / "m.lance").save(source);
  }
  // Makes another store with that name.
  fs::path leave(const std::string& name,
                 const std::vector<std::string>& further_files = {}) const {
    MemorySource source = small_model();
    Store::create(folder_ / name).save(source);
    for (const std::string& file : further_files) folder_.write(name + "/" + file, "mine");
    return folder_ / name;
  }
  std::size_t remove() const { return remove_stale_siblings(folder_ / "m.lance").folders; }
  const std::string name_ = ".m.lance.lancekeep-0123456789abcdef";
  TemporaryFolder folder_;
};

TEST_F(StaleSiblings, AreRemovedAtOnce) {
  const fs::path left = leave(name_);
  const auto files = snapshot(left);
  const RemovedSiblings removed = remove_stale_siblings(folder_ / "m.lance");
  EXPECT_EQ(removed.folders, 1u);
  EXPECT_EQ(removed.files, files.size());
  std::uint64_t bytes = 0;
  for (const auto& [ignored, content] : files) bytes += content.size();
  EXPECT_EQ(removed.bytes, bytes);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_EQ(Store::open(folder_ / "m.lance").versions().size(), 1u);
}

TEST_F(StaleSiblings, AreOnlyCountedInADryRun) {
  const fs::path left = leave(name_);
  EXPECT_EQ(remove_stale_siblings(folder_ / "m.lance", true).folders, 1u);
  EXPECT_EQ(Store::open(left).versions().size(), 1u);
}

TEST_F(StaleSiblings, AreFoundThroughALink) {
  const fs::path left = leave(name_);
  fs::create_directory(folder_ / "links");
  fs::create_directory_symlink(folder_ / "m.lance", folder_ / "links/other");
  EXPECT_EQ(remove_stale_siblings(folder_ / "links/other").folders, 1u);
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(StaleSiblings, AreFoundWithTheirSizes) {
  leave(name_);
  const fs::path other = leave(".m.lance.lancekeep-fedcba9876543210");
  const auto lock = io::open_local_storage(other)->lock("", io::LockMode::shared);
  std::map<std::string, bool> in_use;
  for (const Sibling& sibling : find_siblings(folder_ / "m.lance")) {
    EXPECT_GT(sibling.bytes, 0u);
    in_use[sibling.path.filename().string()] = sibling.is_in_use;
  }
  EXPECT_EQ(in_use, (std::map<std::string, bool>{{name_, false}, {other.filename(), true}}));
}

TEST_F(StaleSiblings, AreKeptWhileSomeoneIsWriting) {
  const fs::path left = leave(name_);
  auto lock = io::open_local_storage(left)->lock("", io::LockMode::shared);
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(fs::exists(left));
  lock.reset();
  EXPECT_EQ(remove(), 1u);
}

TEST_F(StaleSiblings, AreRecognisedByTheirWholeName) {
  for (const std::string& name :
       {std::string(".m.lance.lancekeep-0123456789abcde"), name_ + "0",
        std::string(".m.lance.lancekeep-0123456789abcdeg"),
        std::string(".other.lance.lancekeep-0123456789abcdef"), std::string("m.lance.lancekeep-0"),
        std::string("another.lance")}) {
    leave(name);
  }
  fs::create_directory_symlink(folder_ / "another.lance", folder_ / name_);
  EXPECT_EQ(remove(), 0u);
  EXPECT_EQ(Store::open(folder_ / "another.lance").versions().size(), 1u);
}

TEST_F(StaleSiblings, KeepFilesThatLanceDoesNotWrite) {
  leave(name_, {"notes.txt", "data/notes.txt"});
  EXPECT_EQ(remove(), 0u);
  EXPECT_EQ(snapshot(folder_ / name_), (std::map<std::string, std::string>{
                                           {"notes.txt", "mine"}, {"data/notes.txt", "mine"}}));
}

TEST_F(StaleSiblings, BlobsBesideADataFileAreRemovedToo) {
  const std::string stem = "101000011000111000011111956c204177a2047a9f78d5a0cf";
  leave(name_, {"data/" + stem + "/10000000000000000000000000000000.blob"});
  EXPECT_EQ(remove(), 1u);
  EXPECT_FALSE(fs::exists(folder_ / name_));
}

TEST_F(StaleSiblings, ReplaceRemovesAndReportsThem) {
  const fs::path left = leave(name_);
  MemorySource source = small_model(2);
  const SaveReport report = Store::replace(folder_ / "m.lance", source);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_THAT(report.notes,
              testing::ElementsAre("removed 1 folder that an interrupted replacement had left "
                                   "beside the store"));
}

TEST_F(StaleSiblings, ARunningReplacementIsNotRemoved) {
  MemorySource source = small_model(2);
  bool is_there = false;
  std::size_t removed = 0;
  SaveOptions options{.progress = [&](std::uint64_t, std::uint64_t, std::string_view) {
    for (const auto& entry : fs::directory_iterator(folder_ / "")) {
      is_there |= entry.path().filename().string().starts_with(".m.lance.lancekeep-");
    }
    removed += remove_stale_siblings(folder_ / "m.lance").folders;
  }};
  Store::replace(folder_ / "m.lance", source, options);
  EXPECT_TRUE(is_there);
  EXPECT_EQ(removed, 0u);
  EXPECT_EQ(text_of(Store::open(folder_ / "m.lance").at().tensor("head.weight")), source.value(3));
}

TEST_F(StaleSiblings, GcRemovesAndReportsThem) {
  const fs::path left = leave(name_);
  Store store = Store::open(folder_ / "m.lance");
  const GcReport dry = store.gc({.keep_last = 1, .dry_run = true});
  EXPECT_GT(dry.bytes_freed, 0u);
  EXPECT_THAT(dry.notes, testing::ElementsAre("would remove 1 folder that an interrupted "
                                              "replacement had left beside the store"));
  EXPECT_TRUE(fs::exists(left));
  const GcReport report = store.gc({.keep_last = 1});
  EXPECT_EQ(report.bytes_freed, dry.bytes_freed);
  EXPECT_THAT(report.notes, testing::ElementsAre("removed 1 folder that an interrupted replacement "
                                                 "had left beside the store"));
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(StaleSiblings, DiskUsageCountsAndNamesThem) {
  const fs::path left = leave(name_);
  std::uint64_t bytes = 0;
  for (const auto& [ignored, content] : snapshot(left)) bytes += content.size();
  const DiskUsage usage = Store::open(folder_ / "m.lance").disk_usage();
  EXPECT_EQ(usage.beside, bytes);
  EXPECT_EQ(usage.bytes, usage.values + usage.bookkeeping + usage.unreachable);
  EXPECT_THAT(usage.notes, testing::ElementsAre(testing::StartsWith(name_ + " beside the store")));
}

}  // namespace
}  // namespace lancekeep::store
