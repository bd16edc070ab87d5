// SPDX-License-Identifier: Apache-2.0
#include "lance/table/time_text.h"

#include <fmt/format.h>

#include <chrono>

namespace lancekeep::lance {

std::string time_text(std::int64_t seconds, std::int32_t nanos) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     nanos);
}

}  // namespace lancekeep::lance
