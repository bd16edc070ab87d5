// SPDX-License-Identifier: Apache-2.0
// For tests: an operation on a store, with a power cut at each of its changing calls in turn, and
// what a reader may find on the disk afterwards.
#pragma once

#include "io/local_storage.h"
#include "io/testing/fault_storage.h"
#include "io/testing/power_cut_storage.h"
#include "store/read/store_folder.h"
#include "store/testing/store_content.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace lancekeep::store {

/// A store's folder on a simulated disk, and stores in it whose calls fail as planned.
class CrashFolder {
 public:
  CrashFolder(std::filesystem::path path, bool is_synced)
      : path_(std::move(path)), disk_(std::make_shared<io::DiskModel>(path_, is_synced)) {}

  /// Opens the folder as Store::create() does. If `faults` is not null, it gets the storage, which
  /// counts the calls.
  Store open(io::FaultStorage::Plan plan, std::shared_ptr<io::FaultStorage>* faults = nullptr) {
    auto storage = std::make_shared<io::FaultStorage>(remembering(), plan);
    if (faults != nullptr) *faults = storage;
    return open_upon(std::move(storage));
  }
  /// Like open(), but through a storage of the class `Between`.
  template <typename Between>
  Store open_through() {
    return open_upon(std::make_shared<Between>(remembering()));
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const io::DiskModel& disk() const { return *disk_; }

 private:
  std::unique_ptr<io::Storage> remembering() const {
    return std::make_unique<io::PowerCutStorage>(io::open_local_storage(path_), disk_);
  }
  Store open_upon(std::shared_ptr<io::Storage> storage) const {
    require_dataset_or_empty(*storage, path_);
    return Store::State::make_store({path_, std::move(storage)});
  }

  std::filesystem::path path_;
  std::shared_ptr<io::DiskModel> disk_;
};

struct Operation {
  const char* name;
  std::function<void(Store&)> prepare;  ///< run and synced first; null: no store exists yet
  std::function<void(Store&)> run;      ///< the operation; null: see run_below
  /// Run before the operation, but not synced.
  std::function<void(CrashFolder&)> unsafe = nullptr;
  bool vouches = false;  ///< the operation syncs what was unsafe before it removes anything
  /// An operation on the storage of a store.
  std::function<void(io::Storage&)> run_below = nullptr;

  void apply(Store& store, io::Storage& storage) const {
    run != nullptr ? run(store) : run_below(storage);
  }
};

/// For GoogleTest's names and messages.
inline void PrintTo(const Operation& operation, std::ostream* out) { *out << operation.name; }

class CrashSweep {
 public:
  explicit CrashSweep(const Operation& operation) : operation_(operation) {
    std::filesystem::create_directory(prepared_);
    if (operation_.prepare == nullptr) return;
    Store store = Store::create(prepared_);
    operation_.prepare(store);
  }

  /// Cuts the power at every call. Checks for each cut the disk with only what was synced, with
  /// everything, and with `seeds` random selections of what was not synced.
  void run(std::uint64_t seeds) {
    learn_transition();
    for (std::uint64_t call = 1; call <= calls_ + 1; ++call) {
      CrashFolder folder = copy();
      std::shared_ptr<io::FaultStorage> faults;
      const bool acknowledged = attempt(folder, {call, ErrorCode::io, true}, faults);
      cut_ = call <= calls_ ? fmt::format("cut at call {} ({})", call, faults->failed_call())
                            : "cut after its last call";
      if (acknowledged && call <= calls_) fail("is acknowledged, though a call failed");
      const auto look = [&](const io::CrashState& state) { check(folder, state, acknowledged); };
      look({io::CrashState::Kept::synced});
      look({io::CrashState::Kept::all});
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        look({io::CrashState::Kept::random, call * 1'000'003 + seed});
      }
      std::filesystem::remove_all(folder.path());
    }
  }

  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] std::uint64_t states() const { return states_; }
  [[nodiscard]] std::uint64_t bad() const { return bad_; }
  /// The first few bad states, and why each is bad.
  [[nodiscard]] const std::string& complaints() const { return complaints_; }

 private:
  CrashFolder copy() {
    const auto path = folder_ / fmt::format("run-{}.lance", ++copies_);
    std::filesystem::copy(prepared_, path, std::filesystem::copy_options::recursive);
    CrashFolder folder(path, operation_.prepare != nullptr);
    if (operation_.unsafe != nullptr) operation_.unsafe(folder);
    return folder;
  }

  bool attempt(CrashFolder& folder, io::FaultStorage::Plan plan,
               std::shared_ptr<io::FaultStorage>& faults) const {
    try {
      Store store = folder.open(plan, &faults);
      operation_.apply(store, *faults);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  void learn_transition() {
    CrashFolder folder = copy();
    const StoreContent prepared = content_of(prepared_);
    transition_.vouches = operation_.vouches;
    transition_.before = content_of(folder.path());
    for (const auto& [number, content] : transition_.before.versions) {
      if (!prepared.versions.contains(number)) transition_.unsafe.insert(number);
    }
    std::shared_ptr<io::FaultStorage> faults;
    if (!attempt(folder, {}, faults)) fail("fails without a fault");
    calls_ = faults->calls();
    transition_.after = content_of(folder.path());
  }

  void check(const CrashFolder& folder, const io::CrashState& state, bool acknowledged) {
    const auto world = folder_ / "world.lance";
    folder.disk().lay_down(world, state);
    ++states_;
    std::string wrong;
    try {
      wrong = objection(content_of(world), transition_, acknowledged);
      if (wrong.empty()) wrong = save_again(world);
    } catch (const std::exception& e) {
      wrong = e.what();
    }
    if (!wrong.empty()) {
      fail(fmt::format("leaves, with seed {}: {}", state.seed, wrong));
    }
    std::filesystem::remove_all(world);
  }

  // Whatever happened, the next save works.
  std::string save_again(const std::filesystem::path& world) const {
    MemorySource next = float64_model(99);  // which a store of either layout accepts
    Store store = Store::create(world);
    const std::uint64_t number = store.save(next, {.durable = false}).version;
    const Version version = store.at();
    if (version.number() != number) return "the next save is not the latest version";
    for (std::size_t i = 0; i < next.tensors().size(); ++i) {
      if (text_of(version.tensor(next.tensors()[i].name)) != next.value(i)) return "next differs";
    }
    return "";
  }

  void fail(const std::string& what) {
    if (++bad_ <= 5) complaints_ += fmt::format("\n{}, {}, {}", operation_.name, cut_, what);
  }

  const Operation operation_;
  const TemporaryFolder folder_;
  const std::filesystem::path prepared_ = folder_ / "prepared.lance";
  Transition transition_;
  int copies_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t states_ = 0;
  std::uint64_t bad_ = 0;
  std::string cut_ = "not cut";
  std::string complaints_;
};

/// How many random selections to check for each call: LANCEKEEP_SEEDS, or a few by default.
inline std::uint64_t crash_seeds() {
  const char* text = std::getenv("LANCEKEEP_SEEDS");
  return text == nullptr ? 3 : std::strtoull(text, nullptr, 10);
}

/// The test of one operation.
inline void expect_durable(const Operation& operation) {
  CrashSweep sweep(operation);
  sweep.run(crash_seeds());
  std::cout << fmt::format("power cut: {}: {} calls, {} crash states, {} bad\n", operation.name,
                           sweep.calls(), sweep.states(), sweep.bad());
  testing::Test::RecordProperty("crash_states", std::to_string(sweep.states()));
  EXPECT_GE(sweep.calls(), 3u);
  EXPECT_EQ(sweep.bad(), 0u) << sweep.complaints();
}

}  // namespace lancekeep::store
