// SPDX-License-Identifier: Apache-2.0
#include "lance/file/value_type.h"

#include "io/checked_math.h"

#include <charconv>
#include <map>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kMaxBits = std::uint64_t{1} << 30;  // as pages allow
constexpr int kMaxTypeDepth = 8;

const std::map<std::string_view, std::uint32_t>& plain_types() {
  static const std::map<std::string_view, std::uint32_t> types = {
      {"string", 0},     {"large_string", 0}, {"binary", 0},    {"large_binary", 0},
      {"bool", 8},       {"int8", 8},         {"uint8", 8},     {"int16", 16},
      {"uint16", 16},    {"halffloat", 16},   {"int32", 32},    {"uint32", 32},
      {"float", 32},     {"date32:day", 32},  {"time32:s", 32}, {"time32:ms", 32},
      {"int64", 64},     {"uint64", 64},      {"double", 64},   {"date64:ms", 64},
      {"time64:us", 64}, {"time64:ns", 64}};
  return types;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What stands behind `prefix`, if the type starts with it.
std::optional<std::string_view> behind(std::string_view type, std::string_view prefix) {
  if (!type.starts_with(prefix)) return std::nullopt;
  return type.substr(prefix.size());
}

std::optional<ValueType> of_bits(std::optional<std::uint64_t> bits) {
  if (!bits || *bits == 0 || *bits > kMaxBits) return std::nullopt;
  return ValueType{static_cast<std::uint32_t>(*bits), 1};
}

std::optional<ValueType> parse(std::string_view type, int depth) {
  if (const auto plain = plain_types().find(type); plain != plain_types().end())
    return ValueType{plain->second, 1};
  if (type.starts_with("timestamp:") || type.starts_with("duration:")) return ValueType{64, 1};
  if (type.starts_with("decimal:128:")) return ValueType{128, 1};
  if (type.starts_with("decimal:256:")) return ValueType{256, 1};
  if (const auto width = behind(type, "fixed_size_binary:")) {
    const auto bytes = number(*width);
    return of_bits(bytes ? io::checked_mul<std::uint64_t>(*bytes, 8) : std::nullopt);
  }
  if (depth == 0) return std::nullopt;
  if (const auto values = behind(type, "dict:"))
    return parse(values->substr(0, values->find(':')), depth - 1);
  const auto list = behind(type, "fixed_size_list:");
  if (!list || list->find(':') == std::string_view::npos) return std::nullopt;
  const auto dimension = number(list->substr(list->rfind(':') + 1));
  const auto item = parse(list->substr(0, list->rfind(':')), depth - 1);
  if (!dimension || !item || item->bits == 0) return std::nullopt;
  auto result = of_bits(io::checked_mul<std::uint64_t>(item->bits, *dimension));
  if (result) result->dimension = item->dimension * *dimension;
  return result;
}

}  // namespace

std::optional<ValueType> value_type(std::string_view logical_type) {
  return parse(logical_type, kMaxTypeDepth);
}

}  // namespace lancekeep::lance
