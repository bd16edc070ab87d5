// SPDX-License-Identifier: Apache-2.0
#include "io/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace lancekeep::io {
namespace {

TEST(ForEachPart, DoesEveryPartOnce) {
  for (const std::size_t threads : {0u, 1u, 2u, 7u, 100u}) {
    std::vector<std::atomic<int>> calls(20);
    for_each_part(calls.size(), threads, [&](std::size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1) << threads;
  }
}

TEST(ForEachPart, WithoutPartsDoesNothing) {
  for_each_part(0, 4, [](std::size_t) { FAIL(); });
}

TEST(ForEachPart, OneThreadIsTheCallers) {
  const auto self = std::this_thread::get_id();
  for_each_part(3, 1, [&](std::size_t) { EXPECT_EQ(std::this_thread::get_id(), self); });
}

TEST(ForEachPart, StopsAfterAFailure) {
  int calls = 0;
  EXPECT_THROW(for_each_part(10, 1,
                             [&](std::size_t i) {
                               ++calls;
                               if (i == 3) throw std::runtime_error("3");
                             }),
               std::runtime_error);
  EXPECT_EQ(calls, 4);
}

// The thread that has part 2 waits until part 5 has failed.
TEST(ForEachPart, RethrowsTheFailureOfTheLowestPart) {
  std::atomic<bool> late_failed = false;
  try {
    for_each_part(6, 2, [&](std::size_t i) {
      if (i == 5) {
        late_failed = true;
        throw std::runtime_error("5");
      }
      if (i == 2) {
        while (!late_failed) std::this_thread::yield();
        throw std::runtime_error("2");
      }
    });
    FAIL() << "no failure";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), "2");
  }
}

}  // namespace
}  // namespace lancekeep::io
