// SPDX-License-Identifier: Apache-2.0
// A bar on stderr while bytes move: part done, bytes, speed and the tensor at hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lancekeep::cli {

/// Draws only where it is wanted and stderr is a terminal; the destructor clears the line.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Redraws, at most ten times a second; what is done sooner than that is never drawn.
  void update(std::uint64_t done, std::uint64_t total, std::string_view tensor);
  /// Wipes what is drawn, so that other lines can be printed.
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

}  // namespace lancekeep::cli
