// SPDX-License-Identifier: Apache-2.0
// Runs work that consists of independent parts on a few threads. The threads are joined before the
// call returns.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lancekeep::io {

/// Calls `work(i)` for every i below `count`, starting them in ascending order, on at most
/// `threads` threads, one of which is the calling thread. `work` is shared by all threads.
///
/// After a failure no further parts are started, and the failure of the lowest i is rethrown. That
/// is the same i on every run, because all parts below a failed one have been started and run to
/// the end.
template <typename Work>
void for_each_part(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> has_failed = false;
  std::mutex mutex;
  std::exception_ptr failure;  // guarded by mutex, as is failed_part
  std::size_t failed_part = count;
  const auto run = [&] {
    while (!has_failed) {
      const std::size_t i = next++;
      if (i >= count) return;
      try {
        work(i);
      } catch (...) {
        has_failed = true;
        const std::lock_guard lock(mutex);
        if (i < failed_part) {
          failed_part = i;
          failure = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min(threads, count); ++i) helpers.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace lancekeep::io
