// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include <lancekeep/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>

namespace lancekeep::cli {
namespace {

struct AgeUnit {
  char letter;
  const char* word;  // null if the unit is read, but never written
  std::chrono::seconds length;
};

// Largest first.
constexpr std::array<AgeUnit, 5> kAgeUnits = {{{'w', nullptr, std::chrono::weeks(1)},
                                               {'d', "day", std::chrono::days(1)},
                                               {'h', "hour", std::chrono::hours(1)},
                                               {'m', "minute", std::chrono::minutes(1)},
                                               {'s', "second", std::chrono::seconds(1)}}};

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<SizeUnit, 10> kSizeUnits = {{{"B", 1},
                                                  {"kB", 1'000},
                                                  {"KB", 1'000},
                                                  {"MB", 1'000'000},
                                                  {"GB", 1'000'000'000},
                                                  {"TB", 1'000'000'000'000},
                                                  {"KiB", 1ull << 10},
                                                  {"MiB", 1ull << 20},
                                                  {"GiB", 1ull << 30},
                                                  {"TiB", 1ull << 40}}};

// ".123" for 123000000, empty for 0.
std::string exact_fraction(std::chrono::sys_time<std::chrono::nanoseconds> time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t since = time.time_since_epoch().count() % kSecond;
  std::string digits = fmt::format("{:09}", (since + kSecond) % kSecond);
  while (digits.ends_with("000")) digits.resize(digits.size() - 3);
  return digits.empty() ? "" : "." + digits;
}

}  // namespace

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
  if (duration < 60s) return fmt::format("{:.1f} s", cli::seconds(duration));
  const auto whole = round<std::chrono::seconds>(duration).count();
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string counted(std::uint64_t count, const std::string& singular) {
  return fmt::format("{} {}{}", count, singular, count == 1 ? "" : "s");
}

std::chrono::nanoseconds parse_age(const std::string& text, const std::string& option) {
  const auto fail = [&](const char* why) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} expects an age such as 30d, 12h, 90m, 45s or 2w, got `{}`{}",
                            option, text, why));
  };
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto* const unit = std::find_if(
      kAgeUnits.begin(), kAgeUnits.end(),
      [&](const AgeUnit& each) { return text.substr(digits) == std::string(1, each.letter); });
  if (digits == 0 || unit == kAgeUnits.end()) fail("");
  std::int64_t count = 0;
  const bool fits =
      std::from_chars(text.data(), text.data() + digits, count).ec == std::errc() &&
      count <= std::chrono::nanoseconds::max() / std::chrono::nanoseconds(unit->length);
  if (!fits) fail(", which is more than 292 years");
  return count * unit->length;
}

std::string age_text(std::chrono::nanoseconds age) {
  for (const AgeUnit& unit : kAgeUnits) {
    const std::chrono::nanoseconds length = unit.length;
    if (unit.word != nullptr && age >= length && age % length == std::chrono::nanoseconds(0)) {
      return counted(static_cast<std::uint64_t>(age / length), unit.word);
    }
  }
  return counted(static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(age).count()),
                 "second");
}

std::uint64_t parse_size(const std::string& text, const std::string& option) {
  const auto fail = [&](const char* why) {
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("{} expects a size such as 5GB, 500MB or 4GiB, got `{}`{}", option, text, why));
  };
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view name = std::string_view(text).substr(digits);
  const auto* const unit =
      std::ranges::find_if(kSizeUnits, [&](const SizeUnit& each) { return each.name == name; });
  if (digits == 0 || unit == kSizeUnits.end()) fail("");
  std::uint64_t count = 0;
  const bool fits = std::from_chars(text.data(), text.data() + digits, count).ec == std::errc() &&
                    count <= std::numeric_limits<std::uint64_t>::max() / unit->bytes;
  if (!fits) fail(", which is more than 2^64 bytes");
  if (count == 0) fail(", which is zero");
  return count * unit->bytes;
}

std::string number_runs(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (std::size_t first = 0; first < numbers.size();) {
    std::size_t last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(numbers[first]);
    if (last > first) text += fmt::format("–{}", numbers[last]);
    first = last + 1;
  }
  return text;
}

std::string versions_are(const std::vector<std::uint64_t>& numbers) {
  const bool one = numbers.size() == 1;
  return fmt::format("version{} {} {}", one ? "" : "s", number_runs(numbers), one ? "is" : "are");
}

std::string utc_time(std::chrono::sys_time<std::chrono::nanoseconds> time,
                     TimePrecision precision) {
  using namespace std::chrono;
  // Rounds to microseconds first: the start of the first day is out of the range of nanoseconds.
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
  if (precision == TimePrecision::exact) text += exact_fraction(time);
  return text + "Z";
}

}  // namespace lancekeep::cli
