// SPDX-License-Identifier: Apache-2.0
// The retention rule: which versions a clean-up may remove. Pure functions; any thread may call
// them.
#pragma once

#include <lancekeep/gc.h>

#include <chrono>
#include <cstdint>

namespace lancekeep::store {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What the rule asks of a version.
struct VersionAge {
  std::uint64_t newer = 0;  ///< readable versions above it; 0: it is the latest
  Time time;                ///< in its manifest
  bool has_tag = false;
};

/// @throws Error invalid_argument without a limit, or with one that makes no sense.
void check_options(const GcOptions& options);
/// Whether the version satisfies every limit; never the latest, and never a tagged one.
[[nodiscard]] bool is_expired(const VersionAge& version, const GcOptions& options, Time now);
/// Whether `time` is at least `age` before `now`. Every time is at least 0 old, also a future one.
[[nodiscard]] bool is_at_least(Time time, std::chrono::nanoseconds age, Time now);

}  // namespace lancekeep::store
