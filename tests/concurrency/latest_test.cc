// SPDX-License-Identifier: Apache-2.0
// Readers of the latest version beside saves, clean-ups that keep one version, and replacements:
// each load gives the model of one save, whole, and none fails. LANCEKEEP_SECONDS (2) says how long.
#include "store/testing/test_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace lancekeep::store {
namespace {

constexpr std::size_t kTensors = 6;
constexpr std::chrono::nanoseconds kAnyAge{0};

MemorySource model_of(unsigned seed) {
  MemorySource source;
  for (std::size_t i = 0; i < kTensors; ++i) {
    source.add("layer." + std::to_string(i), "float32", {500}, floats(500, seed));
  }
  return source;
}

class Latest : public testing::Test {
 protected:
  Latest() {
    MemorySource source = model_of(0);
    Store::create(path_).save(source);
  }

  // Whether the version is the model of one save. Loads as the Python package does.
  static bool is_whole(const Version& version) {
    std::string first;
    if (version.tensors().size() != kTensors) return false;
    for (const TensorInfo& tensor : version.tensors()) {
      const std::string bytes = text_of(version.tensor(tensor.name, Access::copy_on_write));
      if (first.empty()) first = bytes;
      if (bytes != first || bytes.size() != 500 * sizeof(float)) return false;
    }
    return true;
  }

  void load_by_path() const { EXPECT_TRUE(is_whole(Store::open(path_).at())); }

  // Holds the version while others go on, then reads it.
  void load_what_is_held() const {
    const Version version = Store::open(path_).at();
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    EXPECT_TRUE(is_whole(version));
    std::string bytes;
    version.source()->read(0, [&](std::span<const std::byte> piece) {
      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return true;
    });
    EXPECT_EQ(bytes, text_of(version.tensor("layer.0")));
  }

  void list() const {
    const Store store = Store::open(path_);
    const std::vector<VersionInfo> versions = store.versions();
    EXPECT_FALSE(versions.empty());
    for (const VersionInfo& info : versions) EXPECT_EQ(info.damage, "");
  }

  void save_and_clean_up() {
    MemorySource source = model_of(++seed_);
    Store store = Store::open(path_);
    try {
      store.save(source, {.durable = false});
      store.gc({.keep_last = 1, .orphans_older_than = kAnyAge});
    } catch (const Error& error) {  // another store is there now
      EXPECT_EQ(error.code(), ErrorCode::conflict) << error.what();
    }
  }

  void replace() {
    MemorySource source = model_of(++seed_);
    try {
      Store::replace(path_, source, {.durable = false});
    } catch (const Error& error) {  // another replacement was faster
      EXPECT_EQ(error.code(), ErrorCode::conflict) << error.what();
    }
  }

  // Repeats each of these in a thread of its own, and returns how often they ran in all.
  template <typename... Work>
  std::size_t run_together(Work... work) {
    const char* given = std::getenv("LANCEKEEP_SECONDS");
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::seconds(given == nullptr ? 2 : std::atoi(given));
    std::atomic<std::size_t> runs = 0;
    const auto repeat = [&](auto one) {
      while (std::chrono::steady_clock::now() < end && !testing::Test::HasFailure()) {
        try {
          one();
        } catch (const Error& error) {
          const std::lock_guard lock(mutex_);
          ADD_FAILURE() << to_string(error.code()) << ": " << error.what();
        }
        ++runs;
      }
    };
    std::vector<std::thread> threads;
    (threads.emplace_back([&repeat, work] { repeat(work); }), ...);
    for (std::thread& thread : threads) thread.join();
    return runs;
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "m.lance";
  std::atomic<unsigned> seed_ = 0;
  std::mutex mutex_;
};

TEST_F(Latest, IsLoadedBesideSavesAndCleanUps) {
  const std::size_t runs = run_together([&] { save_and_clean_up(); }, [&] { load_by_path(); },
                                        [&] { load_what_is_held(); }, [&] { list(); });
  EXPECT_GT(runs, 20u);
}

TEST_F(Latest, IsLoadedBesideReplacements) {
  const auto list_or_conflict = [&] {
    try {
      list();
    } catch (const Error& error) {  // the store was replaced after it was opened
      EXPECT_EQ(error.code(), ErrorCode::conflict) << error.what();
    }
  };
  const std::size_t runs = run_together([&] { replace(); }, [&] { load_by_path(); },
                                        [&] { load_what_is_held(); }, list_or_conflict);
  EXPECT_GT(runs, 20u);
}

TEST_F(Latest, IsLoadedBesideAllOfThem) {
  const std::size_t runs =
      run_together([&] { replace(); }, [&] { save_and_clean_up(); }, [&] { load_by_path(); },
                   [&] { load_by_path(); }, [&] { load_what_is_held(); });
  EXPECT_GT(runs, 20u);
  std::size_t left = 0;  // what replacements left beside the store
  (void)Store::open(path_).gc({.keep_last = 1});
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "")) {
    left += entry.path().filename() != "m.lance";
  }
  EXPECT_EQ(left, 0u);
}

// A store bound to its folder says that it was replaced; a program then opens the path again.
TEST_F(Latest, OfABoundStoreIsItsOwnOrAConflict) {
  std::size_t conflicts = 0;
  run_together([&] { replace(); },
               [&] {
                 const Store store = Store::open(path_);
                 for (int i = 0; i < 20; ++i) {
                   try {
                     EXPECT_TRUE(is_whole(store.at()));
                     EXPECT_FALSE(store.versions().empty());
                     EXPECT_GT(store.disk_usage().bytes, 0u);
                   } catch (const Error& error) {
                     EXPECT_EQ(error.code(), ErrorCode::conflict) << error.what();
                     ++conflicts;
                     return;
                   }
                 }
               });
  EXPECT_GT(conflicts, 0u);
}

}  // namespace
}  // namespace lancekeep::store
