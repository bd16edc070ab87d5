// SPDX-License-Identifier: Apache-2.0
// Ctrl-C while the library works: it has no GIL then, and Python's own handler does not run.
//
// Whoever waits for another thread's GIL waits for milliseconds; so it is asked for only now and
// then, however often poll() is called. One object may be polled by several threads.
#pragma once

#include "python/src/bind.h"

#include <atomic>

namespace lancekeep::python {

class Interrupts {
 public:
  /// Whether it is time to ask again.
  [[nodiscard]] bool due() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    auto next = next_.load(std::memory_order_relaxed);
    return now >= next && next_.compare_exchange_strong(next, now + kPeriod.count());
  }

  /// Without the GIL. @throws nb::python_error where a signal's handler raised something, as that
  /// of Ctrl-C does.
  void poll() {
    if (!due()) return;
    const nb::gil_scoped_acquire gil;
    check();
  }

  /// With the GIL.
  static void check() {
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  }

 private:
  static constexpr std::chrono::steady_clock::duration kPeriod = std::chrono::milliseconds(20);
  std::atomic<std::chrono::steady_clock::rep> next_ = 0;
};

}  // namespace lancekeep::python
