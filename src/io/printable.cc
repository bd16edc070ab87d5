// SPDX-License-Identifier: Apache-2.0
#include "io/printable.h"

#include "io/utf8.h"

#include <fmt/format.h>

namespace lancekeep::io {
namespace {

constexpr std::size_t kMostBytes = 160;

// Not within a character of several bytes.
std::string_view start_of(std::string_view text) {
  if (text.size() <= kMostBytes) return text;
  std::size_t end = kMostBytes;
  while (end > kMostBytes - 4 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string printable(std::string_view text) {
  const std::string_view start = start_of(text);
  const bool is_utf8 = !utf8_error(start);
  std::string result;
  for (const char c : start) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte != 0x7f && (byte < 0x80 || is_utf8);
    result += plain ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return start.size() == text.size() ? result : result + "...";
}

}  // namespace lancekeep::io
