// SPDX-License-Identifier: Apache-2.0
// Which versions a clean-up may take. Pure functions; any thread may call them.
#pragma once

#include <lancekeep/gc.h>

namespace lancekeep::store {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What a version is judged by.
struct Candidate {
  std::uint64_t newer = 0;  ///< readable versions above it; 0: it is the latest
  Time time;                ///< in its manifest
  bool has_tag = false;
};

/// Throws invalid_argument without a bound, or with one that says nothing sensible.
void check_options(const GcOptions& options);
/// Never the latest, and never one with a tag.
[[nodiscard]] bool may_go(const Candidate& version, const GcOptions& options, Time now);
/// Whether `time` is at least `age` before `now`. An age of 0 is true of every time, also of one to
/// come.
[[nodiscard]] bool is_as_old(Time time, std::chrono::nanoseconds age, Time now);

}  // namespace lancekeep::store
