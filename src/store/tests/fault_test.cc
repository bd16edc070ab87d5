// SPDX-License-Identifier: Apache-2.0
// Each call of every operation that changes a store fails in turn, either once or from then on.
// Afterwards the store is in the old or in the new state, and if only that call failed, no file is
// left behind.
#include "store/testing/operations.h"

#include <gmock/gmock.h>

namespace lancekeep::store {
namespace {

using Files = std::map<std::string, std::string>;

class FaultAt : public testing::TestWithParam<Operation> {
 protected:
  FaultAt() {
    std::filesystem::create_directory(prepared_);
    if (GetParam().prepare == nullptr) return;
    Store store = Store::create(prepared_);
    GetParam().prepare(store);
  }

  // Runs the operation on a copy of the store; returns whether it succeeded.
  bool attempt(io::FaultStorage::Plan plan) {
    std::filesystem::remove_all(path_);
    std::filesystem::copy(prepared_, path_, std::filesystem::copy_options::recursive);
    CrashFolder folder(path_, true);
    if (GetParam().unsafe != nullptr) GetParam().unsafe(folder);
    files_before_ = snapshot(path_);
    transition_.before = content_of(path_);
    std::shared_ptr<io::FaultStorage> faults;
    bool succeeds = true;
    try {
      Store store = folder.open(plan, &faults);
      GetParam().apply(store, *faults);
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::AnyOf(testing::HasSubstr("fails as planned"),
                                           testing::HasSubstr("is visible, but may not survive")));
      succeeds = false;
    }
    calls_ = faults->calls();
    return succeeds;
  }

  void sweep(ErrorCode code, bool stays_broken) {
    ASSERT_TRUE(attempt({}));
    const std::uint64_t calls = calls_;
    transition_.after = content_of(path_);
    for (std::uint64_t call = 1; call <= calls; ++call) {
      const bool succeeds = attempt({call, code, stays_broken});
      const StoreContent found = content_of(path_);
      EXPECT_EQ(objection(found, transition_, succeeds), "") << "at call " << call;
      if (!succeeds && !stays_broken && found == transition_.before) {
        EXPECT_EQ(snapshot(path_), files_before_) << "at call " << call;
      }
      MemorySource next = float64_model(99);  // which a store of either layout accepts
      Store store = Store::create(path_);
      const std::uint64_t number = store.save(next, {.message = "next", .durable = false}).version;
      EXPECT_EQ(store.at().number(), number) << "at call " << call;
    }
    std::cout << fmt::format("{} {}: {}: {} calls\n", to_string(code),
                             stays_broken ? "from then on" : "once", GetParam().name, calls);
  }

  const TemporaryFolder folder_;
  const std::filesystem::path prepared_ = folder_ / "prepared.lance";
  const std::filesystem::path path_ = folder_ / "m.lance";
  Files files_before_;
  Transition transition_;
  std::uint64_t calls_ = 0;
};

TEST_P(FaultAt, AFullDiskLeavesTheOldOrTheNewAndNoLitter) { sweep(ErrorCode::out_of_space, false); }

TEST_P(FaultAt, ADeadDiskLeavesTheOldOrTheNew) { sweep(ErrorCode::io, true); }

INSTANTIATE_TEST_SUITE_P(EveryCall, FaultAt, testing::ValuesIn(all_operations()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace lancekeep::store
