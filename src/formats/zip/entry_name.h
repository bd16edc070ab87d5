// SPDX-License-Identifier: Apache-2.0
// Which names an entry of a zip archive may have, read and written alike. A pure function; any
// thread may call it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

inline constexpr std::size_t kLongestZipName = 0xFFFF;

/// What keeps `name` from naming something inside the archive ("would leave the archive"), or
/// nothing.
[[nodiscard]] std::optional<std::string> zip_name_problem(std::string_view name);

}  // namespace lancekeep::formats
