// SPDX-License-Identifier: Apache-2.0
// A clean-up is stopped at each of its calls: the versions that remain are complete, and the next
// clean-up finishes the work.
#include "store/gc/gc_testing.h"
#include "store/read/store_folder.h"

namespace lancekeep::store {
namespace {

class CollectFault : public GcTest {
 protected:
  void SetUp() override {
    for (unsigned seed = 1; seed <= 4; ++seed) save(seed);
    store_.tag("best", 2);
    put("data/" + kStem + ".lance");
    put("data/" + kStem + "/" + kBlob);
    put("_transactions/0-" + kUuid + ".txn");
  }
  // Returns whether the clean-up ran to its end.
  bool collect_until(std::uint64_t fail_at, bool stays_broken) const {
    io::FaultStorage faulty(
        io::open_local_storage(path_),
        {.fail_at = fail_at, .code = ErrorCode::io, .stays_broken = stays_broken});
    try {
      (void)collect_garbage(faulty, options, std::chrono::system_clock::now());
    } catch (const Error&) {
      return false;
    }
    return faulty.calls() < fail_at;
  }
  void expect_complete_versions() const {
    for (const VersionInfo& info : store_.versions()) {
      EXPECT_EQ(info.damage, "");
      expect_model(info.number, static_cast<unsigned>(info.number));
    }
  }
  const GcOptions options{.keep_last = 1, .orphans_older_than = kAnyAge};
};

// Lock, sync, 2 manifests, sync, their 4 files, 3 unreferenced files, a folder; and one more call.
constexpr std::uint64_t kCalls = 13;

class CollectFaultAt : public CollectFault, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(CollectFaultAt, LeavesCompleteVersionsAndTheNextOneFinishes) {
  const bool stays_broken = GetParam() % 2 == 0;
  const bool finished = collect_until(GetParam() / 2, stays_broken);
  expect_complete_versions();
  EXPECT_THAT(versions(), testing::IsSupersetOf({2u, 4u}));
  EXPECT_EQ(finished, GetParam() / 2 > kCalls);
  (void)collect(options);
  EXPECT_THAT(versions(), testing::ElementsAre(2u, 4u));
  expect_complete_versions();
  EXPECT_EQ(store_.disk_usage().unreachable, 0u);
  EXPECT_EQ(save(5), 5u);
}

INSTANTIATE_TEST_SUITE_P(EveryCall, CollectFaultAt,
                         testing::Range<std::uint64_t>(2, 2 * (kCalls + 1) + 2));

TEST_F(CollectFault, TheSweepReachesTheEnd) {
  io::FaultStorage counting(io::open_local_storage(path_), {});
  (void)collect_garbage(counting, options, std::chrono::system_clock::now());
  EXPECT_EQ(counting.calls(), kCalls);
}

// Checks the order: no file of a version is removed before its manifest is durably removed.
class Recorder : public io::FaultStorage {
 public:
  explicit Recorder(const std::filesystem::path& path)
      : FaultStorage(io::open_local_storage(path), {}) {}
  void remove(const std::string& path) override {
    calls.push_back(path.substr(0, path.find('/')));
    FaultStorage::remove(path);
  }
  void sync_folder(const std::string& path) override {
    calls.push_back("sync " + path);
    FaultStorage::sync_folder(path);
  }
  std::vector<std::string> calls;
};

TEST_F(CollectFault, ManifestsAreDurablyRemovedBeforeFiles) {
  Recorder recorder(path_);
  (void)collect_garbage(recorder, options, std::chrono::system_clock::now());
  ASSERT_GE(recorder.calls.size(), 5u);
  recorder.calls.resize(5);
  EXPECT_THAT(recorder.calls, testing::ElementsAre("sync _versions", "_versions", "_versions",
                                                   "sync _versions", "_transactions"));
}

}  // namespace
}  // namespace lancekeep::store
