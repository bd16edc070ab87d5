// SPDX-License-Identifier: Apache-2.0
#include "cli/batch.h"

#include "cli/output.h"
#include "cli/units.h"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace lancekeep::cli {
namespace {

constexpr auto kRedrawInterval = std::chrono::milliseconds(100);
constexpr std::size_t kBarCells = 24;
constexpr std::size_t kDefaultWidth = 80;

std::size_t terminal_width() {
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultWidth;
  return size.ws_col;
}

// Returns the first `width` code points of valid UTF-8.
std::string_view cut(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  for (std::size_t points = 0; end < text.size(); ++end) {
    const bool starts_point = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (starts_point && ++points > width) break;
  }
  return text.substr(0, end);
}

}  // namespace

std::string progress_line(std::uint64_t done, std::uint64_t total, std::chrono::nanoseconds elapsed,
                          std::string_view tensor, std::size_t width) {
  const double part =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(part * kBarCells);
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds / 1e6 : 0;
  const std::string line =
      fmt::format("[{}{}] {:3.0f}%  {} of {}  {:.0f} MB/s  {}", std::string(filled, '#'),
                  std::string(kBarCells - filled, '.'), part * 100, human_bytes(done),
                  human_bytes(total), rate, escape_line(tensor));
  return std::string(cut(line, width));
}

ProgressBar::ProgressBar(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
  if (drawn_width_ == 0) return;
  std::fprintf(stderr, "\r%*s\r", static_cast<int>(drawn_width_), "");
  std::fflush(stderr);
  drawn_width_ = 0;
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total, std::string_view tensor) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (now - drawn_at_ < kRedrawInterval) return;
  drawn_at_ = now;
  // The last column stays free: some terminals wrap as soon as it is written.
  const std::size_t room = std::max<std::size_t>(terminal_width(), 2) - 1;
  const std::string line = progress_line(done, total, now - start_, tensor, room);
  const std::size_t width = display_width(line);
  // Clears the rest of a longer line with spaces, because every terminal supports them.
  const std::size_t wipe =
      std::min(room, drawn_width_) > width ? std::min(room, drawn_width_) - width : 0;
  std::fputs(fmt::format("\r{}{}", line, std::string(wipe, ' ')).c_str(), stderr);
  std::fflush(stderr);
  drawn_width_ = width;
}

void Batch::run(std::size_t items, const Work& work, const Outcome& outcome) {
  items_ = items;
  for (item_ = 0; item_ < items; ++item_) {
    try {
      throw_if_interrupted();
      work(item_);
    } catch (const Error& error) {
      if (!outcome.of_error) throw;
      throw outcome.of_error(item_, error);
    } catch (const Interrupted& interrupted) {
      const std::string left = outcome.of_signal ? outcome.of_signal(item_) : "";
      if (left.empty()) throw;
      throw Interrupted(interrupted.signal(), left);
    }
  }
}

Progress Batch::progress(const std::string& label) { return progress(label, 0, 0); }

Progress Batch::progress(const std::string& label, std::uint64_t before, std::uint64_t all) {
  std::string place = items_ > 1 ? fmt::format("{} of {}  ", item_ + 1, items_) : "";
  if (!place.empty() && !label.empty()) place += label + "  ";
  return
      [this, place, before, all](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
        throw_if_interrupted();
        if (total > 0)
          bar_.update(before + done, all == 0 ? total : all, place + std::string(tensor));
      };
}

}  // namespace lancekeep::cli
