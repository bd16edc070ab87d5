// SPDX-License-Identifier: Apache-2.0
// What went wrong, as one line or one JSON document on stderr; stdout then has at most lines of
// what was done before.
#pragma once

#include <lancekeep/error.h>

#include <string>

namespace lancekeep::cli {

/// Prints the exception being handled and returns the process's exit status. Call it from a catch
/// block.
[[nodiscard]] int report_current_exception(bool json) noexcept;

/// The same error with "; outcome" behind its text: what the user finds now.
[[nodiscard]] Error with_outcome(const Error& error, const std::string& outcome);

/// A command line that cannot be understood.
[[nodiscard]] int report_misuse(bool json, const std::string& message) noexcept;

}  // namespace lancekeep::cli
