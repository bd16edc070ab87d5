// SPDX-License-Identifier: Apache-2.0
// The retention rule: which versions a clean-up may remove. Pure functions; any thread may call
// them.
#pragma once

#include <lancekeep/gc.h>

#include <chrono>
#include <cstdint>

namespace lancekeep::store {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What the rule needs to know about a version.
struct VersionAge {
  std::uint64_t newer = 0;  ///< number of newer readable versions; 0: it is the latest
  Time time;                ///< from its manifest
  bool has_tag = false;
};

/// @throws Error invalid_argument if the options have no limit, or one that is out of range.
void check_options(const GcOptions& options);
/// Whether every limit allows the version to be removed. Never true of the latest version or of a
/// tagged one.
[[nodiscard]] bool is_expired(const VersionAge& version, const GcOptions& options, Time now);
/// Whether `time` is at least `age` before `now`. An age of 0 accepts every time, even a future
/// one.
[[nodiscard]] bool is_at_least(Time time, std::chrono::nanoseconds age, Time now);

}  // namespace lancekeep::store
