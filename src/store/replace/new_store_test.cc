// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/new_store.h>

#include "io/testing/error_matcher.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <set>

namespace {

// The names of files and folders at the time this program synced them.
std::set<std::string> synced;  // NOLINT: one test uses it

}  // namespace

// Overrides the C library's function, to record what reaches the disk.
extern "C" int fsync(int descriptor) {
  std::error_code ignored;
  synced.insert(
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), ignored));
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  return names;
}

void save_two(Store& store) {
  MemorySource first = small_model(1), second = small_model(2);
  store.save(first, {.message = "first"});
  store.save(second, {.message = "second", .tag = "best"});
}

TEST(NewStoreTest, AppearsWithAllItsVersions) {
  const TemporaryFolder folder;
  NewStore fresh(folder / "m.lance");
  save_two(fresh.store());
  EXPECT_FALSE(fs::exists(folder / "m.lance"));
  EXPECT_THAT(fresh.publish(), IsEmpty());
  const Store store = Store::open(folder / "m.lance");
  EXPECT_EQ(store.versions().size(), 2u);
  EXPECT_EQ(store.at("best").number(), 2u);
  EXPECT_THAT(names_in(folder / ""), ElementsAre("m.lance"));
}

// The folder itself, and every file and folder below it.
std::set<std::string> everything_in(const fs::path& folder) {
  std::set<std::string> names = {folder};
  for (const auto& entry : fs::recursive_directory_iterator(folder)) names.insert(entry.path());
  return names;
}

TEST(NewStoreTest, IsOnTheDiskBeforeItReplacesAnother) {
  const TemporaryFolder folder;
  MemorySource old = small_model(3);
  Store::create(folder / "m.lance").save(old);
  NewStore fresh(folder / "m.lance", NewStore::Existing::replace);
  MemorySource first = small_model(1), second = small_model(2);
  fresh.store().save(first, {.durable = false});
  fresh.store().save(second, {.tag = "best", .durable = false});
  const std::set<std::string> needed = everything_in(fs::canonical(fresh.store().path()));
  ASSERT_GT(needed.size(), 10u);
  synced.clear();
  fresh.publish();
  for (const std::string& name : needed) EXPECT_TRUE(synced.contains(name)) << name;
  EXPECT_EQ(Store::open(folder / "m.lance").versions().size(), 2u);
}

TEST(NewStoreTest, RemovesWhatACrashedReplacementLeft) {
  const TemporaryFolder folder;
  const fs::path left = folder / ".m.lance.lancekeep-0123456789abcdef";
  fs::create_directory(left);
  fs::last_write_time(left, fs::last_write_time(left) - std::chrono::hours(8 * 24));
  NewStore fresh(folder / "m.lance");
  save_two(fresh.store());
  EXPECT_THAT(fresh.publish(), ElementsAre(testing::HasSubstr("removed 1 folder")));
  EXPECT_FALSE(fs::exists(left));
}

TEST(NewStoreTest, LeavesNothingIfItIsNotPublished) {
  const TemporaryFolder folder;
  {
    NewStore fresh(folder / "m.lance");
    save_two(fresh.store());
  }
  EXPECT_THAT(names_in(folder / ""), IsEmpty());
}

TEST(NewStoreTest, TakesThePlaceOfAnEmptyFolder) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "m.lance");
  NewStore fresh(folder / "m.lance/");
  save_two(fresh.store());
  fresh.publish();
  EXPECT_EQ(Store::open(folder / "m.lance").versions().size(), 2u);
}

TEST(NewStoreTest, RejectsWhatIsThere) {
  const TemporaryFolder folder;
  folder.write("file", "mine");
  folder.write("photos/cat.jpg", "meow");
  const auto before = snapshot(folder / "");
  for (const char* name : {"file", "photos"}) {
    EXPECT_THAT([&] { NewStore(folder / name); }, io::fails_with(ErrorCode::already_exists, name));
  }
  EXPECT_EQ(snapshot(folder / ""), before);
}

TEST(NewStoreTest, RejectsTheNameOfAFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "empty.npz");
  for (const char* name : {"m.pth", "empty.npz"}) {
    EXPECT_THAT([&] { NewStore(folder / name); },
                io::fails_with(ErrorCode::invalid_argument, "is the name of a file"));
  }
  EXPECT_THAT(names_in(folder / ""), ElementsAre("empty.npz"));
}

TEST(NewStoreTest, ReplacesADatasetThatHasTheNameOfAFile) {
  const TemporaryFolder folder;
  MemorySource old = small_model(3);
  Store::create(folder / "m.lance").save(old);
  std::filesystem::rename(folder / "m.lance", folder / "m.pth");
  NewStore fresh(folder / "m.pth", NewStore::Existing::replace);
  save_two(fresh.store());
  (void)fresh.publish();
  EXPECT_EQ(Store::open(folder / "m.pth").versions().size(), 2u);
}

TEST(NewStoreTest, ReplacesOnlyADataset) {
  const TemporaryFolder folder;
  folder.write("photos/cat.jpg", "meow");
  EXPECT_THAT([&] { NewStore(folder / "photos", NewStore::Existing::replace); },
              io::fails_with(ErrorCode::invalid_argument, "cat.jpg"));
  EXPECT_THAT(names_in(folder / ""), ElementsAre("photos"));
}

TEST(NewStoreTest, ReplacesADataset) {
  const TemporaryFolder folder;
  MemorySource old = small_model(3);
  Store::create(folder / "m.lance").save(old);
  folder.write("m.lance/notes.txt", "mine");
  NewStore fresh(folder / "m.lance", NewStore::Existing::replace);
  save_two(fresh.store());
  EXPECT_EQ(Store::open(folder / "m.lance").versions().size(), 1u);
  const std::vector<std::string> notes = fresh.publish();
  EXPECT_EQ(Store::open(folder / "m.lance").versions().size(), 2u);
  ASSERT_EQ(notes.size(), 1u);
  const fs::path kept = notes[0].substr(notes[0].rfind(" in ") + 4);
  EXPECT_EQ(snapshot(kept), (std::map<std::string, std::string>{{"notes.txt", "mine"}}));
}

TEST(NewStoreTest, ChangesNothingIfSomeoneElseWasFaster) {
  const TemporaryFolder folder;
  NewStore fresh(folder / "m.lance");
  save_two(fresh.store());
  MemorySource other = small_model(3);
  Store::create(folder / "m.lance").save(other);
  const auto before = snapshot(folder / "m.lance");
  EXPECT_THAT([&] { fresh.publish(); }, io::fails_with(ErrorCode::already_exists, "m.lance"));
  EXPECT_EQ(snapshot(folder / "m.lance"), before);
}

TEST(NewStoreTest, NeedsAParentFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { NewStore(folder / "none/m.lance"); },
              io::fails_with(ErrorCode::not_found, "none"));
}

}  // namespace
}  // namespace lancekeep::store
