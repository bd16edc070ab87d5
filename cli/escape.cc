// SPDX-License-Identifier: Apache-2.0
#include "cli/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace lancekeep::cli {
namespace {

struct CodePoint {
  char32_t value;
  std::size_t length;
};

// The code point that `text` (not empty) begins with; nothing where that is no valid UTF-8.
std::optional<CodePoint> first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return CodePoint{lead, 1};
  if (lead < 0xC2 || lead > 0xF4) return std::nullopt;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return std::nullopt;
  char32_t value = lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    value = (value << 6) | (next & 0x3F);
  }
  static constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate) return std::nullopt;
  return CodePoint{value, length};
}

bool drives_terminal(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool line_break = c == 0x2028 || c == 0x2029;
  const bool direction = c == 0x061C || c == 0x200E || c == 0x200F ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return control || line_break || direction;
}

enum class Form { line, json };

void append_escaped(std::string& out, char32_t c, Form form) {
  if (form == Form::json && c == '\n') {
    out += '\n';
  } else if (form == Form::line && c == '\n') {
    out += "\\n";
  } else if (form == Form::line && c == '\t') {
    out += "\\t";
  } else if (form == Form::line && c == '\r') {
    out += "\\r";
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c));
  }
}

std::string escape(std::string_view text, Form form) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto point = first_code_point(text);
    const std::size_t length = point ? point->length : 1;
    if (!point && form == Form::line) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (!point) {
      out += "\\ufffd";
    } else if (drives_terminal(point->value)) {
      append_escaped(out, point->value, form);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string escape_line(std::string_view text) { return escape(text, Form::line); }

std::string escape_json(std::string_view text) { return escape(text, Form::json); }

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace lancekeep::cli
