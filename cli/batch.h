// SPDX-License-Identifier: Apache-2.0
// Work that may take minutes: a progress bar on stderr (part done, bytes, speed, current tensor),
// Ctrl-C, and, over several versions or files, errors that say which of them failed and what was
// done before.
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

/// Draws only if it is wanted and stderr is a terminal; the destructor clears the line.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Redraws, at most ten times a second; work that takes less than that is never drawn.
  void update(std::uint64_t done, std::uint64_t total, std::string_view tensor);
  /// Clears the line, so that others can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_at_ = start_;
  std::size_t drawn_width_ = 0;
};

/// One bar of at most `width` columns.
[[nodiscard]] std::string progress_line(std::uint64_t done, std::uint64_t total,
                                        std::chrono::nanoseconds elapsed, std::string_view tensor,
                                        std::size_t width);

/// Some items, worked on one after another under one bar. At most one at a time, on the main thread.
class Batch {
 public:
  using Work = std::function<void(std::size_t item)>;
  struct Outcome {
    /// The error of an item, with its name and with what was done before. Unset: as it is.
    std::function<Error(std::size_t item, const Error& error)> of_error;
    /// What a signal leaves behind that stops the work before `item`. Unset or empty: nothing.
    std::function<std::string(std::size_t item)> of_signal;
  };

  explicit Batch(bool show_progress) : bar_(show_progress) {}

  /// Calls `work` for each item, in order. @throws what it throws, as `outcome` explains it.
  void run(std::size_t items, const Work& work, const Outcome& outcome);

  /// Progress of the current item: moves the bar, and throws Interrupted after a signal. If there are
  /// several, "2 of 3" and `label` precede the tensor's name.
  [[nodiscard]] Progress progress(const std::string& label = "");
  /// The same where the bar counts bytes of all items: `all`, with `before` in the earlier ones.
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
