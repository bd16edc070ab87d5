// SPDX-License-Identifier: Apache-2.0
// Sizes, durations, ages, times and shapes as people write and read them.
#pragma once

#include <lancekeep/tensor.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::cli {

/// Decimal units: "512 B", "18.8 MB", "123 GB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
/// "41 ms", "1.3 s", "2 min 5 s".
[[nodiscard]] std::string human_duration(std::chrono::nanoseconds duration);
/// Returns seconds as JSON documents have them.
[[nodiscard]] double seconds(std::chrono::nanoseconds duration);
/// "1 tensor", "2 tensors".
[[nodiscard]] std::string counted(std::uint64_t count, const std::string& singular);

/// Parses an age, which is one number and a unit: "30d", "12h", "90m" (minutes), "45s", "2w".
/// @throws Error invalid_argument, naming `option`.
[[nodiscard]] std::chrono::nanoseconds parse_age(const std::string& text,
                                                 const std::string& option);
/// Returns an age in words, in the largest unit of which it is a whole number: "7 days",
/// "90 minutes".
[[nodiscard]] std::string age_text(std::chrono::nanoseconds age);
/// Parses a size above 0, which is a whole number and a unit: decimal ("5GB", "500MB") or binary
/// ("4GiB").
/// @throws Error invalid_argument, naming `option`.
[[nodiscard]] std::uint64_t parse_size(const std::string& text, const std::string& option);
/// Returns ascending numbers with their runs shortened: "1–3, 5".
[[nodiscard]] std::string number_runs(const std::vector<std::uint64_t>& numbers);
/// Returns the beginning of a sentence about versions: "version 4 is", "versions 1–3, 5 are".
[[nodiscard]] std::string versions_are(const std::vector<std::uint64_t>& numbers);

/// `exact` writes 0, 3, 6 or 9 decimal digits of seconds, as many as the time needs.
enum class TimePrecision { seconds, microseconds, exact };
/// ISO 8601 in UTC: "2026-01-31T12:00:00Z".
[[nodiscard]] std::string utc_time(std::chrono::sys_time<std::chrono::nanoseconds> time,
                                   TimePrecision precision);

}  // namespace lancekeep::cli
