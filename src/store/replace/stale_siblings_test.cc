// SPDX-License-Identifier: Apache-2.0
#include "store/replace/stale_siblings.h"

#include "io/local_storage.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

class StaleSiblings : public testing::Test {
 protected:
  StaleSiblings() {
    MemorySource source = small_model();
    Store::create(folder_ / "m.lance").save(source);
  }
  // Makes another store with that name, in which nothing was written for `age`.
  fs::path leave(const std::string& name, hours age,
                 const std::vector<std::string>& further_files = {}) const {
    MemorySource source = small_model();
    Store::create(folder_ / name).save(source);
    for (const std::string& file : further_files) folder_.write(name + "/" + file, "mine");
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / name)) {
      make_older(entry.path(), age);
    }
    make_older(folder_ / name, age);
    return folder_ / name;
  }
  static void make_older(const fs::path& path, hours age) {
    fs::last_write_time(path, fs::last_write_time(path) - age);
  }
  std::size_t remove() const {
    return remove_stale_siblings(folder_ / "m.lance", std::chrono::system_clock::now());
  }
  const std::string name_ = ".m.lance.lancekeep-0123456789abcdef";
  TemporaryFolder folder_;
};

TEST_F(StaleSiblings, AreRemovedOnceTheyAreOld) {
  const fs::path left = leave(name_, hours(6 * 24));
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(fs::exists(left));
  for (const auto& entry : fs::recursive_directory_iterator(left)) make_older(entry, hours(48));
  make_older(left, hours(48));
  EXPECT_EQ(remove(), 1u);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_EQ(Store::open(folder_ / "m.lance").versions().size(), 1u);
}

TEST_F(StaleSiblings, AreAsYoungAsTheYoungestFileInThem) {
  const fs::path left = leave(name_, hours(8 * 24));
  for (const auto& entry : fs::directory_iterator(left / "data")) make_older(entry, -hours(4 * 24));
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(fs::exists(left / "data"));
}

TEST_F(StaleSiblings, AreKeptWhileSomeoneIsWriting) {
  const fs::path left = leave(name_, hours(8 * 24));
  auto lock = io::open_local_storage(left)->lock("", io::LockMode::shared);
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(fs::exists(left));
  lock.reset();
  EXPECT_EQ(remove(), 1u);
}

TEST_F(StaleSiblings, AreRecognisedByTheirWholeName) {
  const hours age(30 * 24);
  for (const std::string& name :
       {std::string(".m.lance.lancekeep-0123456789abcde"), name_ + "0",
        std::string(".m.lance.lancekeep-0123456789abcdeg"),
        std::string(".other.lance.lancekeep-0123456789abcdef"), std::string("m.lance.lancekeep-0"),
        std::string("another.lance")}) {
    leave(name, age);
  }
  fs::create_directory_symlink(folder_ / "another.lance", folder_ / name_);
  EXPECT_EQ(remove(), 0u);
  EXPECT_EQ(Store::open(folder_ / "another.lance").versions().size(), 1u);
}

TEST_F(StaleSiblings, KeepFilesThatLanceDoesNotWrite) {
  leave(name_, hours(8 * 24), {"notes.txt", "data/notes.txt"});
  EXPECT_EQ(remove(), 0u);
  EXPECT_EQ(snapshot(folder_ / name_), (std::map<std::string, std::string>{
                                           {"notes.txt", "mine"}, {"data/notes.txt", "mine"}}));
}

TEST_F(StaleSiblings, BlobsBesideADataFileAreRemovedToo) {
  const std::string stem = "101000011000111000011111956c204177a2047a9f78d5a0cf";
  leave(name_, hours(8 * 24), {"data/" + stem + "/10000000000000000000000000000000.blob"});
  EXPECT_EQ(remove(), 1u);
  EXPECT_FALSE(fs::exists(folder_ / name_));
}

TEST_F(StaleSiblings, ReplaceRemovesAndReportsThem) {
  const fs::path left = leave(name_, hours(8 * 24));
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
    removed +=
        remove_stale_siblings(folder_ / "m.lance", std::chrono::system_clock::now() + hours(9000));
  }};
  Store::replace(folder_ / "m.lance", source, options);
  EXPECT_TRUE(is_there);
  EXPECT_EQ(removed, 0u);
  EXPECT_EQ(text_of(Store::open(folder_ / "m.lance").at().tensor("head.weight")), source.value(3));
}

}  // namespace
}  // namespace lancekeep::store
