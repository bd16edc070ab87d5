// SPDX-License-Identifier: Apache-2.0
#include "io/utf8.h"

#include <fmt/format.h>

#include <cstdint>

namespace lancekeep::io {
namespace {

struct Lead {
  std::size_t following = 0;
  std::uint32_t bits = 0;
  std::uint32_t least = 0;  // the smallest code point that needs this many bytes
};

std::optional<Lead> lead_of(std::uint8_t byte) {
  if (byte < 0x80) return Lead{0, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return Lead{1, byte & 0x1Fu, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return Lead{2, byte & 0x0Fu, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return Lead{3, byte & 0x07u, 0x10000};
  return std::nullopt;
}

constexpr std::size_t kMostBytes = 160;

// Does not cut within a character.
std::string_view start_of(std::string_view text) {
  if (text.size() <= kMostBytes) return text;
  std::size_t end = kMostBytes;
  while (end > kMostBytes - 4 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::optional<std::size_t> utf8_error(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = lead_of(static_cast<std::uint8_t>(text[at]));
    if (!lead || text.size() - at <= lead->following) return at;
    std::uint32_t point = lead->bits;
    for (std::size_t i = 1; i <= lead->following; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[at + i]);
      if ((byte & 0xC0u) != 0x80) return at;
      point = point << 6 | (byte & 0x3Fu);
    }
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    if (point < lead->least || point > 0x10FFFF || surrogate) return at;
    at += 1 + lead->following;
  }
  return std::nullopt;
}

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
