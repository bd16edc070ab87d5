// SPDX-License-Identifier: Apache-2.0
// What went wrong, as one line or one JSON document on stderr; stdout then stays empty.
#pragma once

#include <lancekeep/error.h>

#include <string>

namespace lancekeep::cli {

/// Prints the exception being handled and returns the process's exit status. Call it from a catch
/// block.
[[nodiscard]] int report_current_exception(bool json) noexcept;

/// A command line that cannot be understood.
[[nodiscard]] int report_misuse(bool json, const std::string& message) noexcept;

}  // namespace lancekeep::cli
