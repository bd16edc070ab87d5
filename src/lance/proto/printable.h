// SPDX-License-Identifier: Apache-2.0
// Names from files in messages for people.
#pragma once

#include <string>
#include <string_view>

namespace lancekeep::lance {

/// `name` without control characters, which could end a message or play tricks on a terminal, and
/// cut where it is longer than anybody would read.
[[nodiscard]] std::string printable(std::string_view name);

}  // namespace lancekeep::lance
