// SPDX-License-Identifier: Apache-2.0
// Store::replace leaves one version, number 1, whatever was there before; or it changes nothing.
#include "io/testing/error_matcher.h"
#include "store/testing/plain_model.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <set>

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;

TEST(Replace, MakesAStoreAtAFreePath) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  EXPECT_EQ(Store::replace(folder / "m.lance", source).version, 1u);
  EXPECT_EQ(Store::open(folder / "m.lance").at().tensors().size(), 5u);
}

TEST(Replace, LeavesOneVersionAndNoTags) {
  const TemporaryFolder folder;
  MemorySource first = small_model(1), second = small_model(2);
  Store store = Store::create(folder / "m.lance");
  store.save(first, {.tag = "best"});
  store.save(first);
  Store::replace(folder / "m.lance", second, {.message = "fresh"});
  const auto versions = Store::open(folder / "m.lance").versions();
  ASSERT_EQ(versions.size(), 1u);
  EXPECT_EQ(versions[0].number, 1u);
  EXPECT_EQ(versions[0].message, "fresh");
  EXPECT_TRUE(versions[0].tags.empty());
  EXPECT_EQ(text_of(Store::open(folder / "m.lance").at().tensor("head.weight")), second.value(3));
}

TEST(Replace, LeavesNothingBesideIt) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store::replace(folder / "m.lance", source);
  Store::replace(folder / "m.lance", source);
  const auto entries = std::distance(fs::directory_iterator(folder / ""), fs::directory_iterator());
  EXPECT_EQ(entries, 1);
}

TEST(Replace, MappedTensorsOfTheOldStoreStayReadable) {
  const TemporaryFolder folder;
  MemorySource first = small_model(1), second = small_model(2);
  Store::replace(folder / "m.lance", first);
  const TensorView view = Store::open(folder / "m.lance").at().tensor("head.weight");
  Store::replace(folder / "m.lance", second);
  EXPECT_EQ(text_of(view), first.value(3));
}

TEST(Replace, ASaveIntoTheOldStoreFails) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store store = Store::create(folder / "m.lance");
  store.save(source);
  Store::replace(folder / "m.lance", source);
  EXPECT_THAT([&] { store.save(source); },
              io::fails_with(ErrorCode::conflict, "the store was replaced"));
  EXPECT_EQ(Store::open(folder / "m.lance").versions().size(), 1u);
}

TEST(Replace, RejectsAndKeepsWhatIsNotAStore) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "photos");
  std::ofstream(folder / "photos/cat.jpg") << "meow";
  MemorySource source = small_model();
  EXPECT_THAT([&] { Store::replace(folder / "photos", source); },
              io::fails_with(ErrorCode::invalid_argument, "cat.jpg"));
  EXPECT_EQ(snapshot(folder / "photos"), (std::map<std::string, std::string>{{"cat.jpg", "meow"}}));
}

TEST(Replace, KeepsFilesThatLanceDoesNotWrite) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store::replace(folder / "m.lance", source);
  std::ofstream(folder / "m.lance/notes.txt") << "mine";
  const SaveReport report = Store::replace(folder / "m.lance", source);
  ASSERT_EQ(report.notes.size(), 1u);
  const fs::path kept = report.notes[0].substr(report.notes[0].rfind(" in ") + 4);
  EXPECT_EQ(snapshot(kept), (std::map<std::string, std::string>{{"notes.txt", "mine"}}));
}

TEST(Replace, DeletesNothingThroughALink) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store::replace(folder / "m.lance", source);
  folder.write("outside/tags/mine.json", "{}");
  folder.write("outside/elsewhere.json", "{}");
  fs::create_directory_symlink(folder / "outside", folder / "m.lance/_refs");
  const auto before = snapshot(folder / "outside");
  Store::replace(folder / "m.lance", source);
  EXPECT_EQ(snapshot(folder / "outside"), before);
}

TEST(Replace, ThrowsAnErrorForAnInvalidName) {
  MemorySource source = small_model();
  EXPECT_THROW(Store::replace(std::string(300, 'n'), source), Error);
  EXPECT_THROW((void)Store::open(std::string(300, 'n')), Error);
}

TEST(Replace, GoesThroughALinkToTheStore) {
  const TemporaryFolder folder;
  MemorySource first = small_model(1), second = small_model(2);
  Store::replace(folder / "m.lance", first);
  fs::create_directory_symlink(folder / "m.lance", folder / "link");
  Store::replace(folder / "link", second);
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(text_of(Store::open(folder / "m.lance").at().tensor("head.weight")), second.value(3));
}

TEST(Replace, AFailedSaveLeavesTheOldStore) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store::replace(folder / "m.lance", source);
  const auto before = snapshot(folder / "");
  SaveOptions options{.progress = [](std::uint64_t, std::uint64_t, std::string_view) {
    throw std::runtime_error("enough");
  }};
  EXPECT_THROW(Store::replace(folder / "m.lance", source, options), std::runtime_error);
  EXPECT_EQ(snapshot(folder / ""), before);
}

const SaveOptions kPlain{.layout = Layout::plain};

TEST(Replace, MakesAPlainStoreAtAFreePath) {
  const TemporaryFolder folder;
  MemorySource source = plain_model(4);
  Store::replace(folder / "m.lance", source, kPlain);
  EXPECT_EQ(plain_rows(folder / "m.lance"), plain_model_rows(4));
}

TEST(Replace, KeepsTheLayout) {
  for (const SaveOptions& options : {SaveOptions{.message = "fresh"}, kPlain}) {
    const TemporaryFolder folder;
    MemorySource first = plain_model(1), second = plain_model(2), third = plain_model(3);
    Store store = Store::create(folder / "m.lance");
    store.save(first, kPlain);
    store.save(second);
    EXPECT_EQ(Store::replace(folder / "m.lance", third, options).version, 1u);
    EXPECT_EQ(plain_rows(folder / "m.lance"), plain_model_rows(3));
    EXPECT_EQ(Store::open(folder / "m.lance").versions().size(), 1u);
  }
}

TEST(Replace, RejectsAnotherLayout) {
  const TemporaryFolder folder;
  MemorySource source = plain_model();
  Store::create(folder / "m.lance").save(source, kPlain);
  const auto before = snapshot(folder / "");
  EXPECT_THAT([&] { Store::replace(folder / "m.lance", source, {.layout = Layout::native}); },
              io::fails_with(ErrorCode::invalid_argument, "the store has the plain layout"));
  EXPECT_EQ(snapshot(folder / ""), before);
}

TEST(Replace, RejectsWhatFloat64CannotRepresentInAPlainStore) {
  const TemporaryFolder folder;
  MemorySource plain = plain_model(), native = small_model();
  Store::create(folder / "m.lance").save(plain, kPlain);
  const auto before = snapshot(folder / "");
  EXPECT_THAT([&] { Store::replace(folder / "m.lance", native); },
              io::fails_with(ErrorCode::invalid_argument, "tensor `bn.num_batches`"));
  EXPECT_EQ(snapshot(folder / ""), before);
}

mode_t mode_of(const fs::path& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST(Replace, KeepsWhoMayUseTheStore) {
  for (const mode_t mode : {0700u, 02770u, 0750u, 01777u}) {
    const TemporaryFolder folder;
    MemorySource first = small_model(1), second = small_model(2);
    Store::create(folder / "m.lance").save(first, {.tag = "best"});
    ASSERT_EQ(::chmod((folder / "m.lance").c_str(), mode), 0);
    ASSERT_EQ(::chmod((folder / "m.lance/data").c_str(), 0711), 0);
    for (const auto& file : fs::directory_iterator(folder / "m.lance/data")) {
      ASSERT_EQ(::chmod(file.path().c_str(), 0600), 0);
    }
    Store::replace(folder / "m.lance", second);
    EXPECT_EQ(mode_of(folder / "m.lance"), mode);
    EXPECT_EQ(mode_of(folder / "m.lance/data"), 0711u);
    for (const auto& file : fs::directory_iterator(folder / "m.lance/data")) {
      EXPECT_EQ(mode_of(file.path()), 0600u);
    }
    EXPECT_EQ(Store::open(folder / "m.lance").versions().size(), 1u);
  }
}

TEST(Replace, KeepsWhoMayUseAnEmptyFolder) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  fs::create_directory(folder / "m.lance");
  ASSERT_EQ(::chmod((folder / "m.lance").c_str(), 0700), 0);
  Store::replace(folder / "m.lance", source);
  EXPECT_EQ(mode_of(folder / "m.lance"), 0700u);
}

TEST(Replace, IsPrivateWhileItIsWritten) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store::replace(folder / "m.lance", source);
  std::set<mode_t> seen;
  SaveOptions options{.progress = [&](std::uint64_t, std::uint64_t, std::string_view) {
    for (const auto& entry : fs::directory_iterator(folder / "")) {
      if (entry.path().filename() != "m.lance") seen.insert(mode_of(entry.path()));
    }
  }};
  Store::replace(folder / "m.lance", source, options);
  EXPECT_EQ(seen, std::set<mode_t>{0700u});
}

TEST(Replace, SaysWhichHistoryIsGone) {
  const TemporaryFolder folder;
  MemorySource first = small_model(1), second = small_model(2);
  Store store = Store::create(folder / "m.lance");
  store.save(first, {.tag = "best"});
  store.save(second, {.tag = "v1"});
  EXPECT_THAT(Store::replace(folder / "m.lance", first).notes,
              testing::ElementsAre("the store that was replaced had 2 versions and the tags best "
                                   "(1), v1 (2), which are gone"));
  EXPECT_TRUE(Store::replace(folder / "m.lance", first).notes.empty());
}

}  // namespace
}  // namespace lancekeep::store
