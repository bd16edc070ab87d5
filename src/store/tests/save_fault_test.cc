// SPDX-License-Identifier: Apache-2.0
// A disk fills up, or a process dies, at every call of a save: afterwards the store is unchanged,
// or has the complete new version.
#include <lancekeep/wait_hooks.h>

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/fault_storage.h"
#include "lance/proto/transaction.h"
#include "lance/table/commit.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/read/store_folder.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace lancekeep::store {
namespace {

using Plan = io::FaultStorage::Plan;

// A store on a disk that fails as `plan` says.
class FaultyStore {
 public:
  FaultyStore(const std::filesystem::path& path, Plan plan) {
    auto storage = std::make_shared<io::FaultStorage>(io::create_local_storage(path), plan);
    faults_ = storage.get();
    store_.emplace(Store::State::make_store({path, std::move(storage)}));
  }
  Store& store() { return *store_; }
  std::uint64_t calls() const { return faults_->calls(); }

 private:
  io::FaultStorage* faults_ = nullptr;
  std::optional<Store> store_;
};

void expect_version(const Store& store, std::uint64_t number, const MemorySource& source) {
  const Version version = store.at(number);
  ASSERT_EQ(version.tensors().size(), source.tensors().size());
  for (std::size_t i = 0; i < source.tensors().size(); ++i) {
    EXPECT_EQ(text_of(version.tensor(source.tensors()[i].name)), source.value(i));
  }
}

// Saves a second version, with each of its calls failing in turn; returns the number of calls.
std::uint64_t sweep(ErrorCode code, bool stays_broken, bool expect_clean) {
  for (std::uint64_t fail_at = 1;; ++fail_at) {
    const TemporaryFolder folder;
    MemorySource first = small_model(1), second = small_model(2);
    Store store = Store::create(folder / "m.lance");
    store.save(first);
    const auto before = snapshot(folder / "m.lance");
    FaultyStore faulty(folder / "m.lance", {fail_at, code, stays_broken});
    bool failed = false;
    try {
      faulty.store().save(second, {.message = "second"});
    } catch (const Error& e) {
      failed = true;
    }
    const auto versions = store.versions();
    expect_version(store, 1, first);
    if (versions.size() == 2) expect_version(store, 2, second);
    EXPECT_EQ(versions.size() == 2, versions.back().message == "second");
    if (!failed) {
      EXPECT_EQ(versions.size(), 2u) << "an acknowledged save must survive";
      if (faulty.calls() < fail_at) return fail_at - 1;
    } else if (versions.size() == 1 && expect_clean) {
      EXPECT_EQ(snapshot(folder / "m.lance"), before) << "at call " << fail_at;
    }
    store.save(second);  // whatever happened, the next save works
    expect_version(store, store.at().number(), second);
  }
}

TEST(SaveFault, AFullDiskLeavesTheStoreAsItWas) {
  const std::uint64_t calls = sweep(ErrorCode::out_of_space, false, true);
  RecordProperty("calls", static_cast<int>(calls));
  EXPECT_GT(calls, 10u);
}

TEST(SaveFault, ADeadDiskLeavesTheOldVersionOrTheNewOne) {
  EXPECT_GT(sweep(ErrorCode::io, true, false), 10u);
}

TEST(SaveFault, ANameThatMayNotLastIsReportedAndKept) {
  // The last call of a save is the sync of _versions, after the version became visible.
  const TemporaryFolder folder;
  MemorySource source = small_model();
  std::uint64_t calls = 0;
  {
    FaultyStore counting(folder / "count.lance", {});
    counting.store().save(source);
    calls = counting.calls();
  }
  FaultyStore faulty(folder / "m.lance", {calls, ErrorCode::io, false});
  EXPECT_THAT(
      [&] { faulty.store().save(source); },
      io::fails_with(ErrorCode::io, "version 1 is visible, but may not survive a power cut"));
  expect_version(Store::open(folder / "m.lance"), 1, source);
}

// A network file system that performs the rename but loses the answer.
class LostAnswer : public io::FaultStorage {
 public:
  LostAnswer(const std::filesystem::path& path, ErrorCode answer)
      : FaultStorage(io::open_local_storage(path), {}), answer_(answer) {}
  bool rename_new(const std::string& from, const std::string& to) override {
    (void)FaultStorage::rename_new(from, to);
    throw Error(answer_, "timed out");
  }

 private:
  ErrorCode answer_;
};

TEST(SaveFault, AVersionWhoseRenameLostItsAnswerKeepsItsFilesAndIsNotSavedTwice) {
  for (const ErrorCode answer : {ErrorCode::io, ErrorCode::not_found}) {
    const TemporaryFolder folder;
    const auto path = folder / "m.lance";
    MemorySource first = small_model(1), second = small_model(2);
    Store store = Store::create(path);
    store.save(first);
    Store unlucky = Store::State::make_store({path, std::make_shared<LostAnswer>(path, answer)});
    EXPECT_THAT([&] { unlucky.save(second); }, io::fails_with(answer, "timed out"));
    EXPECT_EQ(store.versions().size(), 2u);
    expect_version(store, 2, second);
  }
}

TEST(SaveFault, ASignalBeforeTheCommitLeavesNothing) {
  const TemporaryFolder folder;
  const auto path = folder / "m.lance";
  MemorySource source = small_model();
  Store store = Store::create(path);
  bool stops = true;
  const WaitScope scope({.check = [&] {
    if (stops) throw std::runtime_error("Ctrl-C");
  }});
  const SaveOptions options{.tag = "best"};
  EXPECT_THROW(store.save(source, options), std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(path));
  stops = false;
  store.save(source, options);
  stops = true;
  const auto before = snapshot(path);
  EXPECT_THROW(store.save(source), std::runtime_error);
  EXPECT_THROW(store.restore(1), std::runtime_error);
  EXPECT_THROW(store.tag("best", 1, true), std::runtime_error);
  EXPECT_THROW(store.untag("best"), std::runtime_error);
  EXPECT_THROW(store.gc({.keep_last = 1}), std::runtime_error);
  EXPECT_THROW(Store::replace(path, source), std::runtime_error);
  EXPECT_EQ(snapshot(path), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(SaveFault, AClockThatIsBehindIsNoted) {
  for (const Layout layout : {Layout::native, Layout::plain}) {
    const TemporaryFolder folder;
    const auto path = folder / "m.lance";
    MemorySource source = float64_model();
    Store store = Store::create(path);
    EXPECT_TRUE(store.save(source, {.layout = layout}).notes.empty());
    const auto storage = io::open_local_storage(path);
    lance::CommitRequest future;
    future.read_version = 1;
    future.manifest =
        lance::read_manifest(*storage, lance::list_versions(*storage).entries[0]).manifest;
    future.manifest.seconds = 2'051'222'400;  // 2035
    future.transaction.operation = lance::Operation::restore;
    future.transaction.operation_bytes = lance::encode_restore(1);
    ASSERT_TRUE(lance::commit(*storage, future));
    EXPECT_THAT(store.save(source).notes,
                testing::Contains(testing::HasSubstr("the clock is behind version 2")));
  }
}

}  // namespace
}  // namespace lancekeep::store
