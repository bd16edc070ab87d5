// SPDX-License-Identifier: Apache-2.0
// Which names an entry of a zip archive may have, read and written alike. Pure functions; any
// thread may call them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

/// What keeps `name` from naming something inside the archive ("would leave the archive"), or
/// nothing.
[[nodiscard]] std::optional<std::string> zip_name_problem(std::string_view name);

/// Throws invalid_argument where an entry of the archive that is to be written at `path` cannot be
/// named so: the reader would refuse it, or it is no UTF-8, or too long.
void require_zip_entry_name(const std::string& name, const std::filesystem::path& path);

}  // namespace lancekeep::formats
