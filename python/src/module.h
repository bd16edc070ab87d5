// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: the bind_… function of each, and progress with Ctrl-C.
//
// The extension `lancekeep._native` is a thin layer over the C++ library, without torch and NumPy:
// values are passed as buffers. The Python package in python/lancekeep/ is built on top of it.
#pragma once

#include <lancekeep/store.h>
#include <lancekeep/wait_hooks.h>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace lancekeep::python {

namespace nb = nanobind;

void bind_info(nb::module_& module);
void bind_reports(nb::module_& module);
void bind_source(nb::module_& module);
void bind_version(nb::module_& module);
void bind_store(nb::module_& module);
void bind_formats(nb::module_& module);

/// None (the latest version), an int (a version number), or a str (a tag).
using PythonRef = std::optional<std::variant<std::uint64_t, std::string>>;

/// Checks for Ctrl-C while the library runs without the GIL, when Python's own handler cannot run.
///
/// Taking the GIL from another thread can take milliseconds, so it is taken every 20 ms at most,
/// however often poll() is called. Several threads may poll one object.
class Interrupts {
 public:
  /// Whether the next check is due.
  [[nodiscard]] bool due() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    auto next = next_.load(std::memory_order_relaxed);
    return now >= next && next_.compare_exchange_strong(next, now + kPeriod.count());
  }

  /// Call without the GIL. @throws nb::python_error if a signal handler raised an exception, as the
  /// one for Ctrl-C does.
  void poll() {
    if (!due()) return;
    const nb::gil_scoped_acquire gil;
    check();
  }

  /// Call with the GIL. Throws as poll() does.
  static void check() {
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  }

 private:
  static constexpr std::chrono::steady_clock::duration kPeriod = std::chrono::milliseconds(20);
  std::atomic<std::chrono::steady_clock::rep> next_ = 0;
};

/// Signals are looked at while a call waits for a lock and right before it commits; a wait of more
/// than a second is logged, as a warning of the logger `lancekeep`. Call without the GIL.
[[nodiscard]] WaitHooks wait_hooks();

/// What a call that writes needs: it runs without the GIL, and with wait_hooks().
struct Writing {
  nb::gil_scoped_release release;
  WaitScope waits{wait_hooks()};
};

/// The progress callback for a call into the library. It calls `callable(done, total, tensor)`
/// unless `callable` is None, and checks for Ctrl-C. It takes the GIL; an exception raised in
/// Python stops the call and reaches the caller.
[[nodiscard]] Progress make_progress(const nb::object& callable);

}  // namespace lancekeep::python
