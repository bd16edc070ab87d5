// SPDX-License-Identifier: Apache-2.0
// Text from files. Names of tensors and keys of metadata are UTF-8 everywhere in Lancekeep; text
// from another format is checked here, and escaped before it appears in a message. Pure functions;
// any thread may call them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::io {

/// The position of the first byte that is not valid UTF-8; unset if all are. Overlong forms,
/// surrogates and code points above U+10FFFF are not valid.
[[nodiscard]] std::optional<std::size_t> utf8_error(std::string_view text) noexcept;

/// The text, with control characters and bytes that are not UTF-8 written as \xNN. A long text is
/// cut and ends with "...".
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace lancekeep::io
