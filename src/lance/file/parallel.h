// SPDX-License-Identifier: Apache-2.0
// A few threads for work that falls into parts; they are gone when the call returns.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace lancekeep::lance {

/// Calls `work(i)` for every i below `count`, in any order, on at most `threads` threads (this one
/// among them). Throws what the work of the lowest i threw; the others are done all the same.
template <typename Work>
void for_each_part(std::size_t count, unsigned threads, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> failures(count);
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    while (helpers.size() + 1 < threads && helpers.size() + 1 < count) helpers.emplace_back(run);
    run();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace lancekeep::lance
