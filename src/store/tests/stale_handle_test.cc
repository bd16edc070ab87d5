// SPDX-License-Identifier: Apache-2.0
// A Store whose folder was replaced, moved or removed: every call says so, and none answers for the
// folder that nobody finds any more.
#include "io/testing/error_matcher.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <span>

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;

using Call = std::function<void(Store&)>;

const std::map<std::string, Call>& all_calls() {
  static const std::map<std::string, Call> kCalls = {
      {"save",
       [](Store& store) {
         MemorySource source = small_model(9);
         store.save(source);
       }},
      {"at", [](Store& store) { (void)store.at(); }},
      {"at a number", [](Store& store) { (void)store.at(1); }},
      {"at a tag", [](Store& store) { (void)store.at("best"); }},
      {"versions", [](Store& store) { (void)store.versions(); }},
      {"tags", [](Store& store) { (void)store.tags(); }},
      {"tag", [](Store& store) { store.tag("other", 1); }},
      {"untag", [](Store& store) { store.untag("best"); }},
      {"restore", [](Store& store) { store.restore(1); }},
      {"diff", [](Store& store) { (void)store.diff(1, 2); }},
      {"verify", [](Store& store) { (void)store.verify({}); }},
      {"verify all", [](Store& store) { (void)store.verify_all(); }},
      {"gc", [](Store& store) { store.gc({.keep_last = 1}); }},
      {"gc without a change", [](Store& store) { store.gc({.keep_last = 1, .dry_run = true}); }},
      {"disk usage", [](Store& store) { (void)store.disk_usage(); }},
  };
  return kCalls;
}

class StaleHandle : public testing::TestWithParam<bool> {
 protected:
  StaleHandle() {
    MemorySource first = small_model(1), second = small_model(2);
    Store store = Store::create(path_);
    store.save(first, {.tag = "best"});
    store.save(second);
  }
  // As someone who may be the first to save, or as someone who only opens it.
  Store open_existing() const { return GetParam() ? Store::create(path_) : Store::open(path_); }
  void replace() const {
    MemorySource other = small_model(5);
    Store::replace(path_, other);
  }
  // Calls all of them on one store, which somebody has already used.
  void expect_all_fail(Store store, ErrorCode code, const std::string& what) const {
    const auto before = snapshot(folder_ / "");
    for (const auto& [name, call] : all_calls()) {
      SCOPED_TRACE(name);
      EXPECT_THAT([&] { call(store); }, io::fails_with(code, what));
    }
    EXPECT_EQ(snapshot(folder_ / ""), before);
  }
  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "m.lance";
};

INSTANTIATE_TEST_SUITE_P(OpenedOrCreated, StaleHandle, testing::Bool());

TEST_P(StaleHandle, OfAReplacedStoreAlwaysConflicts) {
  Store store = open_existing();
  EXPECT_EQ(store.versions().size(), 2u);
  replace();
  expect_all_fail(store, ErrorCode::conflict, "the store was replaced by another one");
}

TEST_P(StaleHandle, OfAStoreThatWasMovedAndCopiedBackAlwaysConflicts) {
  Store store = open_existing();
  EXPECT_EQ(store.tags().size(), 1u);
  fs::rename(path_, folder_ / "moved");
  fs::copy(folder_ / "moved", path_, fs::copy_options::recursive);
  expect_all_fail(store, ErrorCode::conflict, "the store was replaced by another one");
}

TEST_P(StaleHandle, OfARemovedStoreFindsNothing) {
  Store store = open_existing();
  (void)store.at();
  fs::remove_all(path_);
  expect_all_fail(store, ErrorCode::not_found, "the store is gone");
}

TEST_P(StaleHandle, OfAMovedStoreFindsNothing) {
  Store store = open_existing();
  (void)store.disk_usage();
  fs::rename(path_, folder_ / "moved");
  expect_all_fail(store, ErrorCode::not_found, "the store is gone");
}

TEST(StaleHandles, AlsoOfTheStoreThatItsFirstSaveMade) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store store = Store::create(folder / "m.lance");
  store.save(source);
  fs::remove_all(folder / "m.lance");
  EXPECT_THAT([&] { (void)store.versions(); },
              io::fails_with(ErrorCode::not_found, "the store is gone"));
  EXPECT_THAT([&] { store.save(source); },
              io::fails_with(ErrorCode::not_found, "the store is gone"));
}

// A reader that opens and loads in a loop never sees that a store is replaced in between.
TEST_P(StaleHandle, OpensTheLatestOfAnotherStoreIfItIsTheFirstCall) {
  Store store = open_existing();
  replace();
  EXPECT_EQ(store.at().number(), 1u);
  EXPECT_EQ(store.versions().size(), 1u);
}

TEST_P(StaleHandle, ThatWasNotUsedConflictsInAllOtherCalls) {
  if (GetParam()) return;  // someone who may be the first to save is not bound before
  for (const auto& [name, call] : all_calls()) {
    SCOPED_TRACE(name);
    if (name == "at") continue;
    Store store = open_existing();
    replace();
    EXPECT_THAT([&] { call(store); },
                io::fails_with(ErrorCode::conflict, "the store was replaced by another one"));
    EXPECT_THAT([&] { (void)store.at(); },
                io::fails_with(ErrorCode::conflict, "the store was replaced by another one"));
  }
}

TEST_P(StaleHandle, AnOpenedVersionKeepsItsValues) {
  const MemorySource second = small_model(2);
  const Version version = open_existing().at();
  const Version other = open_existing().at();
  replace();
  for (const Access access : {Access::copy_on_write, Access::read}) {
    EXPECT_EQ(text_of(version.tensor("head.weight", access)), second.value(3));
  }
  std::string read(second.value(3).size(), '\0');
  other.read("head.weight", 0, std::as_writable_bytes(std::span(read)));
  EXPECT_EQ(read, second.value(3));
  std::string pushed;
  other.source()->read(3, [&](std::span<const std::byte> piece) {
    pushed.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  EXPECT_EQ(pushed, second.value(3));
  // Views of one value share what is written to them, tied ones too.
  const TensorView view = version.tensor("conv.weight", Access::copy_on_write);
  const TensorView tied = version.tensor("embedding.weight", Access::copy_on_write);
  EXPECT_EQ(view.bytes().data(), tied.bytes().data());
}

TEST_P(StaleHandle, AnOpenedVersionNamesNoFileOfAnotherStore) {
  const Version version = open_existing().at();
  replace();
  EXPECT_THAT([&] { (void)version.locate("head.weight"); },
              io::fails_with(ErrorCode::conflict, "the store was replaced"));
  fs::remove_all(path_);
  EXPECT_THAT([&] { (void)version.locate("head.weight"); },
              io::fails_with(ErrorCode::not_found, "the store is gone"));
}

TEST_P(StaleHandle, AVersionsIdTellsReplacedOnesApart) {
  Store store = open_existing();
  std::set<std::string> ids;
  for (const VersionInfo& info : store.versions()) ids.insert(info.id);
  EXPECT_EQ(store.at(1).info().id, store.versions().at(0).id);
  store.restore(1);
  ids.insert(store.versions().back().id);
  replace();
  const VersionInfo replaced = Store::open(path_).at(1).info();
  ids.insert(replaced.id);
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_FALSE(ids.contains(""));
  fs::copy(path_, folder_ / "copy", fs::copy_options::recursive);
  EXPECT_EQ(Store::open(folder_ / "copy").at(1).info().id, replaced.id);
}

}  // namespace
}  // namespace lancekeep::store
