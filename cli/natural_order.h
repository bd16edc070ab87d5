// SPDX-License-Identifier: Apache-2.0
// The order of file names in which epoch-2 comes before epoch-10, as no shell's * gives them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::cli {

/// Whether `a` comes before `b`, where each run of digits counts as one number.
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b);

/// What to tell whoever gave files in alphabetical order where their numbers say another; empty:
/// nothing.
[[nodiscard]] std::string order_note(const std::vector<std::string>& files);

}  // namespace lancekeep::cli
