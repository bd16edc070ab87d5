// SPDX-License-Identifier: Apache-2.0
// Python's own types of plain data in a checkpoint's pickle, as text: paths, dates, decimals and
// the like. Each function takes a call that makes such a value, and returns nullopt if its
// arguments are not those that Python writes. Pure functions; any thread may call them.
#pragma once

#include "formats/pickle/value.h"
#include "formats/torch/torch_file.h"

#include <optional>
#include <string>
#include <utility>

namespace lancekeep::formats {

/// Returns what str() makes of a pathlib path; "." if it has no parts.
[[nodiscard]] std::optional<std::string> path_text(const PickleDocument& document,
                                                   PickleValue path);

struct TimeText {
  std::string iso;    ///< what isoformat() returns: "2024-05-01T12:30:00+02:00"
  bool fold = false;  ///< the second of two equal times, without an offset that tells them apart
};
/// Reads a date, a time or a datetime, with a fixed offset or none.
[[nodiscard]] std::optional<TimeText> time_text(const TorchFile& torch, PickleValue value);

/// Returns the text of a Decimal, such as "1.10" or "NaN".
[[nodiscard]] std::optional<std::string> decimal_text(const PickleDocument& document,
                                                      PickleValue decimal);
/// Returns the digits of a Fraction's two numbers.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> fraction_text(
    const PickleDocument& document, PickleValue fraction);
/// Returns a UUID as 8-4-4-4-12 hex digits.
[[nodiscard]] std::optional<std::string> uuid_text(const PickleDocument& document,
                                                   PickleValue uuid);

}  // namespace lancekeep::formats
