// SPDX-License-Identifier: Apache-2.0
// Support for work that can take minutes: a progress bar on stderr (percentage, bytes, speed,
// current tensor), Ctrl-C, and, for several versions or files, errors that say which of them failed
// and what was done before.
#pragma once

#include <lancekeep/store.h>

#include "cli/failure.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace lancekeep::cli {

/// Draws only if `wanted` and if stderr is a terminal. The destructor clears the line.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Redraws at most ten times a second. Work of less than a tenth of a second is never drawn.
  void update(std::uint64_t done, std::uint64_t total, std::string_view tensor);
  /// Clears the bar, so that other lines can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_at_ = start_;
  std::size_t drawn_width_ = 0;
};

/// Returns the text of a bar, at most `width` columns wide.
[[nodiscard]] std::string progress_line(std::uint64_t done, std::uint64_t total,
                                        std::chrono::nanoseconds elapsed, std::string_view tensor,
                                        std::size_t width);

/// Works on items one after another, with one bar for all. At most one Batch exists at a time, on
/// the main thread.
class Batch {
 public:
  using Work = std::function<void(std::size_t item)>;
  struct Outcome {
    /// Adds the item's name and what was done before to its error. Unset: the error is unchanged.
    std::function<Error(std::size_t item, const Error& error)> of_error;
    /// Says what was done when a signal stops the work before `item`. Unset or empty: nothing was.
    std::function<std::string(std::size_t item)> of_signal;
  };

  explicit Batch(bool show_progress) : bar_(show_progress) {}

  /// Calls `work` for each item, in order.
  /// @throws what `work` throws, with the explanation that `outcome` adds.
  void run(std::size_t items, const Work& work, const Outcome& outcome);

  /// Returns the progress callback of the current item: it moves the bar, and throws Interrupted
  /// after a signal. If there are several items, "2 of 3" and `label` precede the tensor's name.
  [[nodiscard]] Progress progress(const std::string& label = "");
  /// The same, but the bar counts the bytes of all items: `all` in total, `before` in earlier
  /// items.
  [[nodiscard]] Progress progress(const std::string& label, std::uint64_t before,
                                  std::uint64_t all);
  void clear_bar() { bar_.clear(); }

 private:
  const InterruptScope interrupts_;
  ProgressBar bar_;
  std::size_t item_ = 0;
  std::size_t items_ = 1;
};

}  // namespace lancekeep::cli
