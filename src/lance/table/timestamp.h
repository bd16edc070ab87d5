// SPDX-License-Identifier: Apache-2.0
// Time stamps of versions and tags: UTC, in nanoseconds. As text they are RFC 3339 with nine
// digits of a second, as pylance writes them.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace lancekeep::lance {

struct Timestamp {
  std::int64_t seconds = 0;  ///< of the Unix epoch, at most what 64 bits of nanoseconds hold
  std::int32_t nanos = 0;

  auto operator<=>(const Timestamp&) const = default;

  [[nodiscard]] static Timestamp now() {
    using namespace std::chrono;
    const auto time = time_point_cast<nanoseconds>(system_clock::now());
    const auto whole = floor<std::chrono::seconds>(time);
    return {whole.time_since_epoch().count(), static_cast<std::int32_t>((time - whole).count())};
  }
};

/// "2023-11-14T22:13:20.000000005Z"
[[nodiscard]] inline std::string to_string(const Timestamp& stamp) {
  using namespace std::chrono;
  const sys_seconds time{seconds(stamp.seconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     stamp.nanos);
}

}  // namespace lancekeep::lance
