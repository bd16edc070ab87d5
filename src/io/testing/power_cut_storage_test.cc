// SPDX-License-Identifier: Apache-2.0
#include "io/testing/power_cut_storage.h"

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace lancekeep::io {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class PowerCut : public testing::Test {
 protected:
  void open(bool folder_name_is_synced = true) {
    std::filesystem::create_directories(folder_ / "store");
    disk_ = std::make_shared<DiskModel>(folder_ / "store", folder_name_is_synced);
    storage_.emplace(open_local_storage(folder_ / "store"), disk_);
  }
  void write(const std::string& path, const std::string& content, bool sync) {
    const auto file = storage_->create(path);
    file->write(content);
    sync ? file->sync() : file->flush();
  }
  // Files with their contents, and folders with a slash; "gone" if the store's folder is missing.
  std::string after(const CrashState& state) {
    const auto world = folder_ / ("world" + std::to_string(++worlds_));
    disk_->lay_down(world, state);
    if (!std::filesystem::exists(world)) return "gone";
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world)) {
      const std::string name = std::filesystem::relative(entry.path(), world).string();
      const auto file = world.filename() / name;
      found.insert(entry.is_directory() ? name + "/" : name + "=" + folder_.read(file.string()));
    }
    std::string text;
    for (const std::string& each : found) text += (text.empty() ? "" : " ") + each;
    return text;
  }
  std::string synced() { return after({CrashState::Kept::synced}); }
  std::string all() { return after({CrashState::Kept::all}); }
  std::set<std::string> random() {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      outcomes.insert(after({CrashState::Kept::random, seed}));
    }
    return outcomes;
  }

  const TemporaryFolder folder_;
  std::shared_ptr<DiskModel> disk_;
  std::optional<PowerCutStorage> storage_;
  int worlds_ = 0;
};

TEST_F(PowerCut, ExistingFilesStay) {
  folder_.write("store/data/a", "abc");
  open();
  EXPECT_EQ(synced(), "data/ data/a=abc");
  EXPECT_THAT(random(), ElementsAre("data/ data/a=abc"));
}

TEST_F(PowerCut, AFileNeedsItsOwnSyncAndItsFoldersSync) {
  open();
  write("a", "abc", true);
  EXPECT_EQ(synced(), "");
  storage_->sync_folder("");
  EXPECT_EQ(synced(), "a=abc");
  write("b", "de", false);
  storage_->sync_folder("");
  EXPECT_EQ(synced(), "a=abc b=");
  EXPECT_EQ(all(), "a=abc b=de");
  storage_->sync_file("b");
  EXPECT_EQ(synced(), "a=abc b=de");
}

TEST_F(PowerCut, AFolderWhoseNameIsLostLosesItsContent) {
  open();
  storage_->make_folder("data");
  write("data/a", "abc", true);
  storage_->sync_folder("data");
  EXPECT_EQ(synced(), "");
  EXPECT_THAT(random(), UnorderedElementsAre("", "data/ data/a=abc"));
  storage_->sync_folder("");
  EXPECT_THAT(random(), ElementsAre("data/ data/a=abc"));
}

TEST_F(PowerCut, TheStoresOwnNameNeedsASyncToo) {
  open(false);
  EXPECT_EQ(synced(), "gone");
  EXPECT_THAT(random(), UnorderedElementsAre("", "gone"));
  storage_->sync_folder("");
  EXPECT_EQ(synced(), "");
}

TEST_F(PowerCut, ARenamedFileHasItsOldNameOrItsNewNameOrBothOrNeither) {
  open();
  write("a", "abc", true);
  storage_->sync_folder("");
  ASSERT_TRUE(storage_->rename_new("a", "b"));
  EXPECT_EQ(synced(), "a=abc");
  EXPECT_EQ(all(), "b=abc");
  EXPECT_THAT(random(), UnorderedElementsAre("", "a=abc", "b=abc", "a=abc b=abc"));
}

TEST_F(PowerCut, AReplacedFileIsTheOldOneOrTheNewOne) {
  open();
  write("a", "old", true);
  storage_->sync_folder("");
  write("t", "new", true);
  storage_->rename_over("t", "a");
  EXPECT_EQ(synced(), "a=old");
  EXPECT_THAT(random(), Each(AnyOf("a=old", "a=new", "a=old t=new", "a=new t=new")));
  EXPECT_THAT(random(), SizeIs(4));
}

TEST_F(PowerCut, ARemovedFileMayComeBack) {
  open();
  write("a", "abc", true);
  storage_->sync_folder("");
  storage_->remove("a");
  storage_->remove("none");
  EXPECT_THAT(random(), UnorderedElementsAre("", "a=abc"));
  storage_->sync_folder("");
  EXPECT_THAT(random(), ElementsAre(""));
  EXPECT_TRUE(storage_->remove_unused("none"));
}

TEST_F(PowerCut, ContentThatWasNotSyncedMayBeMissingTornOrZeros) {
  open();
  const auto file = storage_->create("a");
  storage_->sync_folder("");
  file->write(std::string(512, 'x'));
  file->sync();
  file->write(std::string(1024, 'y'));
  const std::string x(512, 'x'), y(512, 'y'), zeros(512, '\0');
  EXPECT_EQ(synced(), "a=" + x);
  EXPECT_EQ(random(),
            (std::set<std::string>{"a=" + x, "a=" + x + y, "a=" + x + y + y, "a=" + x + zeros + y,
                                   "a=" + x + y + zeros, "a=" + x + zeros + zeros}));
}

TEST_F(PowerCut, IsTheSameForTheSameSeed) {
  open();
  write("a", std::string(5000, 'x'), false);
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    EXPECT_EQ(after({CrashState::Kept::random, seed}), after({CrashState::Kept::random, seed}));
  }
}

TEST_F(PowerCut, FailedCallsChangeNothing) {
  open();
  write("a", "abc", true);
  write("b", "de", true);
  storage_->sync_folder("");
  EXPECT_FALSE(storage_->rename_new("a", "b"));
  EXPECT_THAT([&] { (void)storage_->create("a"); }, fails_with(ErrorCode::already_exists, "a"));
  EXPECT_THAT([&] { storage_->sync_file("c"); }, fails_with(ErrorCode::not_found, "c"));
  EXPECT_THAT([&] { storage_->sync_folder("c"); }, fails_with(ErrorCode::not_found, "c"));
  EXPECT_EQ(all(), "a=abc b=de");
}

}  // namespace
}  // namespace lancekeep::io
