// SPDX-License-Identifier: Apache-2.0
// A power cut at every call of every operation that changes a store: what was acknowledged
// survives, everything else is as before or as after the operation, and the next save works. After
// a cut during a clean-up, each version that is still listed is complete, and the versions that gc
// keeps exist.
#include "store/testing/operations.h"

namespace lancekeep::store {
namespace {

class PowerCutAt : public testing::TestWithParam<Operation> {};

TEST_P(PowerCutAt, LosesNothingThatWasAcknowledged) { expect_durable(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EveryCall, PowerCutAt, testing::ValuesIn(all_operations()),
                         [](const auto& param) { return std::string(param.param.name); });

// Unreferenced files, as a killed save leaves them.
void leave_orphans(CrashFolder& folder) {
  std::uint64_t calls = 1;
  for (bool is_published = false; !is_published; ++calls) {
    try {
      Store store = folder.open({calls, ErrorCode::io, true});
      saving_wide(30)(store);
    } catch (const Error&) {
    }
    is_published = Store::open(folder.path()).versions().size() > 3;
  }
}

// A second version that shares nothing, saved without fsync.
void save_another_unsafe(CrashFolder& folder) {
  Store store = folder.open({});
  saving(5, {.durable = false})(store);
}

// Two versions; the second uses little of the first one's data file.
void wear_out(Store& store) {
  saving_wide(1)(store);
  MemorySource source;
  for (unsigned i = 0; i < 8; ++i) {
    source.add("layer." + std::to_string(i), "float32", {200}, floats(200, i < 7 ? 50 + i : i));
  }
  store.save(source);
}

std::vector<Operation> clean_ups() {
  const auto v1 = saving_wide(1);
  const auto keep_one = [](Store& store) { (void)store.gc({.keep_last = 1}); };
  const auto take_orphans = [](Store& store) {
    (void)store.gc({.keep_last = 1, .orphans_older_than = std::chrono::nanoseconds(0)});
  };
  return {
      {"gc_of_a_version", three_versions, keep_one},
      {"gc_that_rewrites", wear_out, keep_one},
      {"gc_of_orphans", three_versions, take_orphans, leave_orphans, true},
      {"gc_that_rewrites_an_unsafe_version", v1, keep_one, save_unsafe, true},
      {"gc_that_keeps_an_unsafe_version", v1, keep_one, save_another_unsafe, true},
      {"gc_that_keeps_a_version_whose_save_died", v1, keep_one, save_and_die, true},
  };
}

INSTANTIATE_TEST_SUITE_P(EveryCallOfGc, PowerCutAt, testing::ValuesIn(clean_ups()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace lancekeep::store
