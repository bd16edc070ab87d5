// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace lancekeep::cli {

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  static constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.5 and above would be rounded to "1000".
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string human_duration(std::chrono::nanoseconds duration) {
  using namespace std::chrono;
  if (duration < 1s) return fmt::format("{} ms", round<milliseconds>(duration).count());
  if (duration < 60s)
    return fmt::format("{:.1f} s", std::chrono::duration<double>(duration).count());
  const auto whole = round<seconds>(duration).count();
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string counted(std::uint64_t count, const std::string& singular) {
  return fmt::format("{} {}{}", count, singular, count == 1 ? "" : "s");
}

std::string utc_time(std::chrono::sys_time<std::chrono::nanoseconds> time,
                     TimePrecision precision) {
  using namespace std::chrono;
  // In microseconds first: the start of the first day is out of the range of nanoseconds.
  const auto moment = floor<microseconds>(time);
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss clock(moment - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (precision == TimePrecision::microseconds) {
    text += fmt::format(".{:06}", clock.subseconds().count());
  }
  return text + "Z";
}

std::string shape_text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace lancekeep::cli
