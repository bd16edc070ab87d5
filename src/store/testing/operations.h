// SPDX-License-Identifier: Apache-2.0
// For tests: everything that changes a store, one line for each operation. Tests interrupt these
// operations, or let their calls fail.
#pragma once

#include "store/save/referenced_files.h"
#include "store/testing/crash_testing.h"

namespace lancekeep::store {

inline std::function<void(Store&)> saving(unsigned seed, SaveOptions options = {}) {
  return [=](Store& store) {
    MemorySource source = small_model(seed);
    store.save(source, options);
  };
}

/// Eight tensors, the first two of which depend on `seed`.
inline MemorySource wide_model(unsigned seed, const std::string& prefix = "layer.") {
  MemorySource source;
  for (unsigned i = 0; i < 8; ++i) {
    source.add(prefix + std::to_string(i), "float32", {200}, floats(200, i < 2 ? seed + i : i));
  }
  return source;
}

inline std::function<void(Store&)> saving_wide(unsigned seed, const std::string& prefix = "layer.",
                                               bool durable = true) {
  return [=](Store& store) {
    MemorySource source = wide_model(seed, prefix);
    store.save(source, {.message = prefix, .durable = durable});
  };
}

inline void save_reversed(Store& store) {
  const MemorySource model = wide_model(1);
  MemorySource source;
  for (std::size_t i = model.tensors().size(); i-- > 0;) {
    source.add(model.tensors()[i].name, "float32", {200}, model.value(i));
  }
  store.save(source);
}

/// A version in the plain layout.
inline std::function<void(Store&)> saving_plain(unsigned seed, SaveOptions options = {}) {
  options.layout = Layout::plain;
  return [=](Store& store) {
    MemorySource source = float64_model(seed);
    store.save(source, options);
  };
}

inline void two_plain_versions(Store& store) {
  saving_plain(1)(store);
  saving_plain(2)(store);
}

inline void three_versions(Store& store) {
  saving_wide(1)(store);
  saving_wide(20)(store);
  saving_wide(40)(store);
  store.tag("base", 1);
}

/// A second version, saved without fsync.
inline void save_unsafe(CrashFolder& folder) {
  Store store = folder.open({});
  saving_wide(20, "layer.", false)(store);
}

/// Two versions of a new store, saved without fsync.
inline void save_two_unsafe(CrashFolder& folder) {
  Store store = folder.open({});
  saving_wide(1, "layer.", false)(store);
  saving_wide(20, "layer.", false)(store);
}

/// A second version whose process died after the rename of its manifest and before the sync.
inline void save_and_die(CrashFolder& folder) {
  class Dying : public io::ForwardingStorage {
   public:
    using ForwardingStorage::ForwardingStorage;
    bool rename_new(const std::string& from, const std::string& to) override {
      (void)ForwardingStorage::rename_new(from, to);
      throw Error(ErrorCode::io, "killed");
    }
  };
  Store store = folder.open_through<Dying>();
  EXPECT_THROW(saving_wide(20)(store), Error);
}

inline std::vector<Operation> all_operations() {
  const auto v1 = saving_wide(1);
  const auto tag = [](const char* name, Ref ref, bool force) {
    return [=](Store& store) { (void)store.tag(name, ref, force); };
  };
  const auto restore = [](Ref ref) { return [=](Store& store) { (void)store.restore(ref); }; };
  const auto untag = [](Store& store) { store.untag("base"); };
  return {
      {"first_save", nullptr, saving(1)},
      {"first_save_with_tag", nullptr, saving(1, {.message = "first", .tag = "base"})},
      {"save_of_another_model", v1, saving(2)},
      {"save_that_shares", v1, saving_wide(20)},
      {"save_that_changes_nothing", v1, saving_wide(1)},
      {"save_that_renames", v1, saving_wide(1, "block.")},
      {"save_that_reorders", v1, save_reversed},
      {"fourth_save", three_versions, saving_wide(60)},
      {"save_with_tag", v1, saving(2, {.metadata = {{"a", "b"}}, .tag = "new"})},
      {"save_that_moves_a_tag", three_versions, saving(2, {.tag = "base", .move_tag = true})},
      {"save_upon_an_unsafe_one", v1, saving_wide(40), save_unsafe},
      {"first_save_of_the_plain_layout", nullptr, saving_plain(1)},
      {"save_of_the_plain_layout", saving_plain(1), saving_plain(2, {.message = "second"})},
      {"save_of_the_plain_layout_with_tag", two_plain_versions, saving_plain(3, {.tag = "new"})},
      {"restore_of_the_plain_layout", two_plain_versions, restore(1)},
      {"restore", three_versions, restore(1)},
      {"restore_of_an_unsafe_one", v1, restore(2), save_unsafe},
      {"first_tag", v1, tag("first", {}, false)},
      {"second_tag", three_versions, tag("second", 2, false)},
      {"moved_tag", three_versions, tag("base", {}, true)},
      {"tag_beside_an_unsafe_version", v1, tag("base", 1, false), save_unsafe},
      {"tag_of_a_version_whose_save_died", v1, tag("base", 2, false), save_and_die},
      {"untag", three_versions, untag},
      {"sync_of_a_new_store", nullptr, nullptr, save_two_unsafe, true, sync_dataset},
  };
}

}  // namespace lancekeep::store
