// SPDX-License-Identifier: Apache-2.0
// Names of tensors and keys of metadata are UTF-8 everywhere in Lancekeep; what comes from another
// format is checked here. A pure function; any thread may call it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace lancekeep::io {

/// The position of the first byte that is no UTF-8 (overlong forms, surrogates and everything above
/// U+10FFFF are none), or nothing.
[[nodiscard]] std::optional<std::size_t> utf8_error(std::string_view text) noexcept;

}  // namespace lancekeep::io
