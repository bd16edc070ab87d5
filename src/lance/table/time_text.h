// SPDX-License-Identifier: Apache-2.0
// Time stamps as text, as pylance writes them: RFC 3339, nine digits of a second, UTC.
#pragma once

#include <cstdint>
#include <string>

namespace lancekeep::lance {

/// `seconds` of the Unix epoch, within what 64 bits of nanoseconds hold.
[[nodiscard]] std::string time_text(std::int64_t seconds, std::int32_t nanos);

}  // namespace lancekeep::lance
