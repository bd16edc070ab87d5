// SPDX-License-Identifier: Apache-2.0
// Text from files made fit to be shown. Names, messages and tags come from anyone; none of them may
// move the cursor, recolour the screen, start a new line or reverse the direction of writing.
#pragma once

#include <string>
#include <string_view>

namespace lancekeep::cli {

/// One line: control and direction characters become \n, \t, \r or \uXXXX, bytes that are no UTF-8
/// \xNN.
[[nodiscard]] std::string escape_line(std::string_view text);
/// JSON text stays the same JSON: line feeds stay, the rest becomes \uXXXX, bytes that are no UTF-8
/// \ufffd.
[[nodiscard]] std::string escape_json(std::string_view text);
/// Code points, which for most text are the columns that it takes on a terminal.
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace lancekeep::cli
