// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/json_writer.h"

#include <lancekeep/error.h>

#include "io/utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kQuietNan = 0x7FF8'0000'0000'0000;
constexpr std::uint64_t kBillion = 1'000'000'000;

// Replaces surrogates by valid characters. A Python str can contain unpaired surrogates, which a
// pickle encodes like other characters.
std::string with_surrogates_replaced(std::string_view text) {
  std::string replaced(text);
  for (std::size_t i = 0; i + 2 < replaced.size(); ++i) {
    const auto at = [&](std::size_t place) { return static_cast<std::uint8_t>(replaced[place]); };
    const bool surrogate = at(i) == 0xED && at(i + 1) >= 0xA0 && at(i + 1) < 0xC0 &&
                           at(i + 2) >= 0x80 && at(i + 2) < 0xC0;
    if (surrogate) replaced.replace(i, 3, "\xEF\xBF\xBD");
  }
  return replaced;
}

// Returns the absolute value in 32-bit words, lowest first.
std::vector<std::uint32_t> magnitude(std::string_view bytes, bool negative) {
  std::vector<std::uint32_t> words((bytes.size() + 3) / 4, 0);
  std::uint32_t carry = 1;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint32_t byte = static_cast<std::uint8_t>(bytes[i]);
    if (negative) {
      byte = (byte ^ 0xffu) + carry;
      carry = byte >> 8;
      byte &= 0xffu;
    }
    words[i / 4] |= byte << (8 * (i % 4));
  }
  return words;
}

// Divides in place and returns the remainder. The divisor is a constant, so that the compiler can
// avoid division.
std::uint64_t divide_by_billion(std::vector<std::uint32_t>& words) {
  std::uint64_t rest = 0;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const std::uint64_t part = rest << 32 | *word;
    *word = static_cast<std::uint32_t>(part / kBillion);
    rest = part % kBillion;
  }
  while (!words.empty() && words.back() == 0) words.pop_back();
  return rest;
}

}  // namespace

std::string text_of_real(double number) {
  if (std::isnan(number)) return "nan";
  std::string text = fmt::format("{}", number);
  if (std::isfinite(number) && text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

std::string decimal(std::string_view bytes) {
  const bool negative = !bytes.empty() && static_cast<std::uint8_t>(bytes.back()) >= 0x80;
  std::vector<std::uint32_t> words = magnitude(bytes, negative);
  std::string digits;
  do {
    const std::uint64_t rest = divide_by_billion(words);
    digits.insert(0, words.empty() ? fmt::to_string(rest) : fmt::format("{:09}", rest));
  } while (!words.empty());
  return negative ? "-" + digits : digits;
}

void JsonWriter::raw(std::string_view json) { json_.append(json); }

void JsonWriter::integer(std::int64_t number) { raw(fmt::to_string(number)); }

void JsonWriter::big_integer(std::string_view bytes) {
  open_tag("$int");
  string(decimal(bytes));
  raw("}");
}

void JsonWriter::real(double number) {
  if (std::isfinite(number)) return raw(text_of_real(number));
  const auto bits = std::bit_cast<std::uint64_t>(number);
  const bool has_name = std::isinf(number) || bits == kQuietNan;
  open_tag("$float");
  string(has_name ? text_of_real(number) : fmt::format("{:016x}", bits));
  raw("}");
}

void JsonWriter::text(std::string_view text, std::string_view where) {
  if (!io::utf8_error(text)) return string(text);
  if (io::utf8_error(with_surrogates_replaced(text))) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{} holds a str of {} bytes that is not UTF-8", where, text.size()));
  }
  open_tag("$str");
  base64(text);
  raw("}");
}

void JsonWriter::string(std::string_view utf8) { raw(nlohmann::json(utf8).dump()); }

void JsonWriter::base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  raw("\"");
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < have ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      json_.push_back(k <= have ? kDigits[bits >> (18 - 6 * k) & 63u] : '=');
    }
  }
  raw("\"");
}

void JsonWriter::open_tag(std::string_view tag) {
  raw("{\"");
  raw(tag);
  raw("\":");
}

}  // namespace lancekeep::formats
