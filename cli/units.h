// SPDX-License-Identifier: Apache-2.0
// Sizes, durations, times and shapes as people read them.
#pragma once

#include <lancekeep/tensor.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace lancekeep::cli {

/// Decimal units: "512 B", "18.8 MB", "123 GB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
/// "41 ms", "1.3 s", "2 min 5 s".
[[nodiscard]] std::string human_duration(std::chrono::nanoseconds duration);
/// "1 tensor", "2 tensors".
[[nodiscard]] std::string counted(std::uint64_t count, const std::string& singular);

enum class TimePrecision { seconds, microseconds };
/// ISO 8601 in UTC: "2026-01-31T12:00:00Z".
[[nodiscard]] std::string utc_time(std::chrono::sys_time<std::chrono::nanoseconds> time,
                                   TimePrecision precision);
/// "[64, 3, 7, 7]"; "[]" for a scalar.
[[nodiscard]] std::string shape_text(const Shape& shape);

}  // namespace lancekeep::cli
