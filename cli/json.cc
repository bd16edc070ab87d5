// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"

#include "cli/output.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <type_traits>

namespace lancekeep::cli {
namespace {

constexpr std::size_t kIndent = 2;
// A number is written without an exponent if its decimal point is at most this many digits to the
// left or right of its first digit.
constexpr int kMostDigitsBeforePoint = 15;
constexpr int kMostZerosBehindPoint = 3;

// Returns the shortest text that reads back as the same number. It always has a point or an
// exponent: "1.0", "0.001", "1.5e+20", "1e-05".
std::string number_text(double value) {
  if (!std::isfinite(value)) return "null";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.begin(), buffer.end(), std::abs(value), std::chars_format::scientific);
  const std::string_view scientific(buffer.data(),
                                    static_cast<std::size_t>(end.ptr - buffer.data()));
  const std::size_t e = scientific.find('e');
  std::string digits(1, scientific.front());
  if (e > 2) digits += scientific.substr(2, e - 2);  // after "1."
  int exponent = 0;
  const char* first = scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1);
  std::from_chars(first, scientific.data() + scientific.size(), exponent);

  const char* sign = value < 0 ? "-" : "";
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the point
  if (count <= point && point <= kMostDigitsBeforePoint) {
    return sign + digits + std::string(static_cast<std::size_t>(point - count), '0') + ".0";
  }
  if (0 < point && point <= kMostDigitsBeforePoint) {
    return sign + digits.insert(static_cast<std::size_t>(point), ".");
  }
  if (-kMostZerosBehindPoint <= point && point <= 0) {
    return sign + ("0." + std::string(static_cast<std::size_t>(-point), '0')) + digits;
  }
  if (count > 1) digits.insert(1, ".");
  return fmt::format("{}{}e{}{:02}", sign, digits, exponent < 0 ? '-' : '+', std::abs(exponent));
}

}  // namespace

Json& Json::add(std::string name, Json value) {
  std::get<Object>(value_).emplace_back(std::move(name), std::move(value));
  return *this;
}

Json& Json::add(Json object) {
  for (auto& [name, value] : std::get<Object>(object.value_))
    add(std::move(name), std::move(value));
  return *this;
}

void Json::write(std::string& out, std::size_t indent) const {
  const auto start_line = [&](bool is_first) {
    out += is_first ? "\n" : ",\n";
    out.append(indent + kIndent, ' ');
  };
  const auto write_value = [&](const auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::monostate>) {
      out += "null";
    } else if constexpr (std::is_same_v<Value, bool>) {
      out += value ? "true" : "false";
    } else if constexpr (std::is_same_v<Value, double>) {
      out += number_text(value);
    } else if constexpr (std::is_same_v<Value, std::string>) {
      out += json_string(value);
    } else if constexpr (std::is_same_v<Value, Array>) {
      out += '[';
      for (const Json& each : value) {
        start_line(&each == &value.front());
        each.write(out, indent + kIndent);
      }
      if (!value.empty()) out += "\n" + std::string(indent, ' ');
      out += ']';
    } else if constexpr (std::is_same_v<Value, Object>) {
      out += '{';
      for (const auto& member : value) {
        start_line(&member == &value.front());
        out += json_string(member.first) + ": ";
        member.second.write(out, indent + kIndent);
      }
      if (!value.empty()) out += "\n" + std::string(indent, ' ');
      out += '}';
    } else {
      out += std::to_string(value);
    }
  };
  std::visit(write_value, value_);
}

std::string Json::text() const {
  std::string out;
  write(out, 0);
  return out;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace lancekeep::cli
