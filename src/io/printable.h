// SPDX-License-Identifier: Apache-2.0
// Text from a hostile file, made fit for an error message. A pure function; any thread may call it.
#pragma once

#include <string>
#include <string_view>

namespace lancekeep::io {

/// Control characters and what is no UTF-8 become \xNN; of a long text, only the start is kept,
/// with "..." behind it.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace lancekeep::io
