// SPDX-License-Identifier: Apache-2.0
// Saying more about an error than whoever threw it could know.
#pragma once

#include <lancekeep/error.h>

#include <string>

namespace lancekeep::io {

/// what() without the file and the offset in front.
[[nodiscard]] std::string text_of(const Error& error);
/// The same error, of the same place, with `text`.
[[nodiscard]] Error with_text(const Error& error, const std::string& text);

}  // namespace lancekeep::io
