// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/python_value.h"

#include "formats/torch/globals.h"
#include "formats/torch/json_writer.h"
#include "formats/torch/python_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace lancekeep::formats {
namespace {

// Returns the digits of an int of any size.
std::optional<std::string> digits_of(const PickleDocument& document, PickleValue value) {
  if (const auto integer = document.integer(value)) return fmt::to_string(*integer);
  if (value.kind != ValueKind::big_integer) return std::nullopt;
  const PickleText& bytes = *document.text(value);
  return decimal({bytes.kept, bytes.length});
}

bool is_digits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> path_text(const PickleDocument& document, PickleValue path) {
  const Call call = call_of(document, path);
  if (call.state) return std::nullopt;
  const PickleNode& type = *document.node(document.node(path)->items()[0]);
  const bool is_windows = document.global_name(type).find("Windows") != std::string_view::npos;
  const char separator = is_windows ? '\\' : '/';
  std::string text;
  for (const PickleValue item : call.arguments) {
    const auto part = document.short_text(item);
    if (!part) return std::nullopt;
    if (!is_windows && part->starts_with('/')) text.clear();
    if (!text.empty() && text.back() != separator) text += separator;
    text += *part;
  }
  return text.empty() ? "." : text;
}

namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

// Appends "+02:00", with seconds and microseconds only if they are not 0.
bool append_offset(const PickleDocument& document, PickleValue zone, std::string& iso) {
  const Call call = call_of(document, zone);
  if (call.function != Callable::timezone || call.arguments.empty() || call.state) return false;
  const Call delta = call_of(document, call.arguments[0]);
  if (delta.function != Callable::timedelta || delta.arguments.size() != 3) return false;
  std::int64_t parts[3] = {};
  for (int i = 0; i < 3; ++i) {
    const auto part = document.integer(delta.arguments[static_cast<std::size_t>(i)]);
    if (!part || *part < -1 || *part >= 24 * 3600 * kMicroseconds) return false;
    parts[i] = *part;
  }
  std::int64_t offset = (parts[0] * 24 * 3600 + parts[1]) * kMicroseconds + parts[2];
  iso += offset < 0 ? '-' : '+';
  if (offset < 0) offset = -offset;
  const std::int64_t seconds = offset / kMicroseconds;
  iso += fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (offset % (60 * kMicroseconds) != 0) iso += fmt::format(":{:02}", seconds % 60);
  if (offset % kMicroseconds != 0) iso += fmt::format(".{:06}", offset % kMicroseconds);
  return true;
}

// `state` is year (2 bytes), month, day.
std::string date_iso(std::string_view state) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<std::uint8_t>(state[i]));
  };
  return fmt::format("{:04}-{:02}-{:02}", byte(0) << 8 | byte(1), byte(2) & 0x7Fu, byte(3));
}

// `state` is hour, minute, second, microseconds (3 bytes).
std::string clock_iso(std::string_view state) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<std::uint8_t>(state[i]));
  };
  std::string text = fmt::format("{:02}:{:02}:{:02}", byte(0) & 0x7Fu, byte(1), byte(2));
  const unsigned micro = byte(3) << 16 | byte(4) << 8 | byte(5);
  if (micro != 0) text += fmt::format(".{:06}", micro);
  return text;
}

}  // namespace

std::optional<TimeText> time_text(const TorchFile& torch, PickleValue value) {
  constexpr std::size_t kDateBytes = 4;
  constexpr std::size_t kClockBytes = 6;
  const Call call = call_of(torch.object, value);
  if (call.arguments.empty() || call.arguments.size() > 2 || call.state) return std::nullopt;
  const auto raw = raw_bytes(torch.object, call.arguments[0]);
  if (!raw || raw->length > 2 * (kDateBytes + kClockBytes)) return std::nullopt;
  const std::string state = read_raw_bytes(torch.file, *raw);
  const std::size_t date = call.function == Callable::time ? 0 : kDateBytes;
  const std::size_t clock = call.function == Callable::date ? 0 : kClockBytes;
  if (state.size() != date + clock) return std::nullopt;
  TimeText text;
  if (date > 0) text.iso = date_iso(state);
  if (clock > 0) {
    text.iso += (date > 0 ? "T" : "") + clock_iso(std::string_view(state).substr(date));
    // The highest bit of the month, or of the hour where there is no month, is the fold.
    text.fold = (static_cast<std::uint8_t>(state[date > 0 ? 2 : 0]) & 0x80u) != 0;
  }
  if (call.arguments.size() == 2) {
    if (!append_offset(torch.object, call.arguments[1], text.iso)) return std::nullopt;
    text.fold = false;
  }
  return text;
}

std::optional<std::string> decimal_text(const PickleDocument& document, PickleValue decimal) {
  const Call call = call_of(document, decimal);
  if (call.arguments.size() != 1 || call.state) return std::nullopt;
  const auto text = document.short_text(call.arguments[0]);
  if (!text) return std::nullopt;
  return std::string(*text);
}

std::optional<std::pair<std::string, std::string>> fraction_text(const PickleDocument& document,
                                                                 PickleValue fraction) {
  const Call call = call_of(document, fraction);
  if (call.state) return std::nullopt;
  if (call.arguments.size() == 2) {
    const auto above = digits_of(document, call.arguments[0]);
    const auto below = digits_of(document, call.arguments[1]);
    if (!above || !below) return std::nullopt;
    return std::pair(*above, *below);
  }
  // Python before 3.12 wrote '1/3'.
  const auto text =
      call.arguments.size() == 1 ? document.short_text(call.arguments[0]) : std::nullopt;
  if (!text) return std::nullopt;
  const std::size_t slash = text->find('/');
  const std::string above(text->substr(0, slash));
  const std::string below(slash == text->npos ? "1" : text->substr(slash + 1));
  if (!is_digits(above) || !is_digits(below)) return std::nullopt;
  return std::pair(above, below);
}

std::optional<std::string> uuid_text(const PickleDocument& document, PickleValue uuid) {
  constexpr std::size_t kBytes = 16;
  const Call call = call_of(document, uuid);
  const PickleNode* state = call.state ? document.node(*call.state) : nullptr;
  if (!call.arguments.empty() || !state || !state->is_dict()) return std::nullopt;
  std::string hex;
  for (std::uint32_t i = 0; i < state->count; i += 2) {
    if (document.short_text(state->items()[i]) != "int") continue;
    const PickleValue number = state->items()[i + 1];
    std::string bytes;  // little-endian
    if (const auto integer = document.integer(number)) {
      if (*integer < 0) return std::nullopt;
      for (int k = 0; k < 8; ++k) bytes += static_cast<char>(*integer >> (8 * k) & 0xFF);
    } else if (number.kind == ValueKind::big_integer) {
      const PickleText& text = *document.text(number);
      bytes.assign(text.kept, text.length);
    } else {
      return std::nullopt;
    }
    if (bytes.size() == kBytes + 1 && bytes.back() == '\0') bytes.pop_back();
    if (bytes.size() > kBytes) return std::nullopt;
    bytes.resize(kBytes, '\0');
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
      hex += fmt::format("{:02x}", static_cast<std::uint8_t>(*byte));
    }
  }
  if (hex.size() != 2 * kBytes) return std::nullopt;
  for (const std::size_t place : {20u, 16u, 12u, 8u}) hex.insert(place, 1, '-');
  return hex;
}

}  // namespace lancekeep::formats
