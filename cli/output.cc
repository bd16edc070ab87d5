// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <lancekeep/error.h>

#include "cli/json.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <system_error>

namespace lancekeep::cli {
namespace {

struct CodePoint {
  std::optional<char32_t> value;  // unset: the bytes are not UTF-8
  std::size_t length;
};

// Returns the code point that `text` begins with; `text` must not be empty. If its bytes are not
// UTF-8, the length counts those before the first byte that cannot continue them, at least one.
CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xC2 || lead > 0xF4) return {std::nullopt, 1};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte's range excludes overlong forms, surrogates, and code points above U+10FFFF.
  unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t value = lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {std::nullopt, i};
    const auto next = static_cast<unsigned char>(text[i]);
    if (next < lowest || next > highest) return {std::nullopt, i};
    value = (value << 6) | (next & 0x3F);
    lowest = 0x80;
    highest = 0xBF;
  }
  return {value, length};
}

bool drives_terminal(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool line_break = c == 0x2028 || c == 0x2029;
  const bool direction = c == 0x061C || c == 0x200E || c == 0x200F ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return control || line_break || direction;
}

// Calls `add(out, bytes, code point)` for each code point, and for each piece that is not UTF-8.
template <class Add>
std::string escape(std::string_view text, const Add& add) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    add(out, text.substr(0, point.length), point.value);
    text.remove_prefix(point.length);
  }
  return out;
}

void add_hex(std::string& out, std::uint32_t code_unit) {
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", code_unit);
}

// Returns the letter of the character's short escape, such as `n`; 0 if it has none.
char short_escape(char32_t c) {
  static constexpr std::string_view kCharacters = "\"\\\b\f\n\r\t";
  static constexpr std::string_view kLetters = "\"\\bfnrt";
  const std::size_t at = c < 0x80 ? kCharacters.find(static_cast<char>(c)) : kCharacters.npos;
  return at == kCharacters.npos ? '\0' : kLetters[at];
}

}  // namespace

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return;
    } else if (errno != EINTR) {
      throw Error(ErrorCode::io, fmt::format("cannot write the result to stdout: {}",
                                             std::generic_category().message(errno)));
    }
  }
}

void print_json(const Json& document) { print(document.text() + "\n"); }

void print_error_line(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

void print_note(std::string_view text) { print_error_line("note: " + escape_line(text)); }

std::string escape_line(std::string_view text) {
  return escape(text, [](std::string& out, std::string_view bytes, std::optional<char32_t> c) {
    if (!c) {
      for (const char byte : bytes) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
      }
    } else if (c == U'\n' || c == U'\t' || c == U'\r') {
      out += {'\\', short_escape(*c)};
    } else if (drives_terminal(*c)) {
      add_hex(out, *c);
    } else {
      out += bytes;
    }
  });
}

std::string escape_json(std::string_view text) {
  return escape(text, [](std::string& out, std::string_view bytes, std::optional<char32_t> c) {
    if (!c) {
      out += "\\ufffd";
    } else if (drives_terminal(*c) && c != U'\n') {
      add_hex(out, *c);
    } else {
      out += bytes;
    }
  });
}

std::string json_string(std::string_view text) {
  return '"' +
         escape(text,
                [](std::string& out, std::string_view bytes, std::optional<char32_t> c) {
                  if (!c) {
                    out += "\\ufffd";
                  } else if (const char letter = short_escape(*c)) {
                    out += {'\\', letter};
                  } else if (*c >= 0x10000) {  // a surrogate pair
                    add_hex(out, 0xD800 + ((*c - 0x10000) >> 10));
                    add_hex(out, 0xDC00 + ((*c - 0x10000) & 0x3FF));
                  } else if (*c < 0x20 || *c >= 0x7F) {
                    add_hex(out, *c);
                  } else {
                    out += bytes;
                  }
                }) +
         '"';
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = escape_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string& cell = cell_at(i);
      const std::size_t width = std::max(widths[i], display_width(columns_[i].title));
      const std::string padding(width - display_width(cell), ' ');
      if (!line.empty()) line += "  ";
      line += columns_[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add_line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

}  // namespace lancekeep::cli
