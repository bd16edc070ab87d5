// SPDX-License-Identifier: Apache-2.0
// Many threads use one Store and one Version at once. Without the thread sanitizer this finds only
// races with visible effects; with it, every unsynchronised access to shared memory.
#include <lancekeep/store.h>
#include <lancekeep/tensors.h>

#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace lancekeep {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 5;
constexpr std::size_t kValues = 1000;
constexpr std::size_t kTensors = 3;

// Calls `work` in several threads at once, with the thread's number, and fails the test with the
// message of anything that it throws.
void in_threads(const std::function<void(int thread)>& work) {
  std::mutex mutex;
  std::vector<std::string> failures;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        try {
          work(i);
        } catch (const std::exception& error) {
          const std::lock_guard lock(mutex);
          failures.emplace_back(error.what());
        }
      });
    }
  }
  EXPECT_EQ(failures, std::vector<std::string>{});
}

// Each tensor is filled with one number.
Tensors model_of(double number) {
  Tensors model;
  for (std::size_t i = 0; i < kTensors; ++i) {
    const double value = number * kTensors + static_cast<double>(i);
    model.add("layer." + std::to_string(i), {static_cast<std::int64_t>(kValues)},
              std::vector<double>(kValues, value));
  }
  return model;
}

// Whether all the bytes belong to the same model.
bool is_whole(const Version& version) {
  const double first = version.tensor("layer.0").as<double>()[0];
  for (std::size_t i = 0; i < kTensors; ++i) {
    const auto values = version.tensor("layer." + std::to_string(i));
    const double expected = first + static_cast<double>(i);
    const auto differs = [&](double value) { return value != expected; };
    if (std::ranges::any_of(values.as<double>(), differs)) return false;
  }
  return true;
}

class Threads : public testing::TestWithParam<Layout> {
 protected:
  void SetUp() override { save(0); }
  SaveReport save(double number, const std::string& tag = {}) {
    Tensors model = model_of(number);
    return store_.save(model, {.tag = tag, .layout = GetParam(), .durable = false});
  }

  io::TemporaryFolder folder_;
  Store store_ = Store::create(folder_ / "m.lance");
};

TEST_P(Threads, EverySaveBecomesAVersion) {
  std::mutex mutex;
  std::set<std::uint64_t> versions;
  in_threads([&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      const SaveReport report = save(1 + thread * kRounds + round);
      const std::lock_guard lock(mutex);
      versions.insert(report.version);
    }
  });
  EXPECT_EQ(versions.size(), std::size_t{kThreads * kRounds});
  EXPECT_EQ(store_.versions().size(), std::size_t{kThreads * kRounds + 1});
  EXPECT_TRUE(store_.verify_all().ok());
}

TEST_P(Threads, ReadersSeeCompleteVersionsWhileOthersSaveAndDelete) {
  std::atomic<bool> is_done = false;
  in_threads([&](int thread) {
    if (thread == 0) {
      for (int round = 1; round <= kThreads * kRounds; ++round) {
        save(round, "tag-" + std::to_string(round));
        store_.untag("tag-" + std::to_string(round));
        if (round % kRounds == 0) store_.gc({.keep_last = 3});
      }
      is_done = true;
      return;
    }
    while (!is_done) {
      EXPECT_TRUE(is_whole(store_.at()));
      (void)store_.versions();
      (void)store_.tags();
      (void)store_.disk_usage();
    }
  });
}

TEST_P(Threads, ReadOneVersion) {
  const Version version = store_.at(1);
  in_threads([&](int thread) {
    const auto access = thread % 2 == 0 ? Access::read : Access::copy_on_write;
    for (int round = 0; round < kRounds; ++round) {
      const Version copy = version;
      EXPECT_TRUE(is_whole(copy));
      EXPECT_EQ(copy.tensor("layer.1", access).as<double>()[0], 1);
      std::vector<std::byte> part(16), whole(kValues * sizeof(double));
      copy.read("layer.1", 8, part);
      const std::vector<ReadRequest> requests = {{"layer.2", whole}};
      copy.read(requests);
      EXPECT_EQ(copy.find("layer.0").nbytes, whole.size());
      const auto source = copy.source();
      source->read(0, [](std::span<const std::byte>) { return true; });
      EXPECT_TRUE(diff(version, copy).empty());
      EXPECT_TRUE(store_.verify(1).ok());
    }
  });
}

TEST_P(Threads, OneOfThemMovesATag) {
  store_.tag("best", 1);
  save(1);
  std::atomic<int> moved = 0;
  in_threads([&](int) {
    try {
      store_.tag("best", 2, false, 1);
      ++moved;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::conflict) << error.what();
    }
  });
  EXPECT_EQ(moved, 1);
  EXPECT_EQ(store_.at("best").number(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Layouts, Threads, testing::Values(Layout::native, Layout::plain),
                         [](const auto& layout) { return std::string(to_string(layout.param)); });

}  // namespace
}  // namespace lancekeep
