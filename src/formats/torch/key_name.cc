// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/key_name.h"

#include <lancekeep/error.h>

#include "formats/torch/json_value.h"
#include "formats/torch/json_writer.h"
#include "formats/torch/numpy_value.h"
#include "formats/torch/python_object.h"
#include "formats/torch/python_value.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace lancekeep::formats {
namespace {

// Converts little-endian UTF-32, without the zeros at its end; nullopt if it is not valid.
std::optional<std::string> utf8_of_utf32(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t code = 0;
    std::memcpy(&code, bytes.data() + i, sizeof code);
    if (code > 0x10FFFF) return std::nullopt;
    if (code < 0x80) {
      text += static_cast<char>(code);
      continue;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const unsigned lead = more == 1 ? 0xC0u : more == 2 ? 0xE0u : 0xF0u;
    text += static_cast<char>(lead | code >> (6 * more));
    for (int k = more - 1; k >= 0; --k)
      text += static_cast<char>(0x80u | (code >> (6 * k) & 0x3Fu));
  }
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

std::string_view kept(const PickleDocument& document, PickleValue key) {
  const PickleText& text = *document.text(key);
  return {text.kept, text.length};
}

std::string_view checked(const PickleDocument& document, PickleValue key) {
  const std::string_view text = kept(document, key);
  if (io::utf8_error(text)) {
    document.fail(
        ErrorCode::unsupported,
        fmt::format("a dict has a key of {} bytes that is not UTF-8, as names of tensors must be",
                    text.size()));
  }
  return text;
}

// Quotes text as Python's repr() quotes a str, or bytes after their `b`.
std::string quoted(std::string_view text, bool is_bytes) {
  const bool doubled = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = doubled ? '"' : '\'';
  std::string result(1, quote);
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (character == quote || character == '\\') {
      result += '\\';
      result += character;
    } else if (character == '\n') {
      result += "\\n";
    } else if (character == '\r') {
      result += "\\r";
    } else if (character == '\t') {
      result += "\\t";
    } else if (code < 0x20 || code == 0x7f || (is_bytes && code > 0x7f)) {
      result += fmt::format("\\x{:02x}", code);
    } else {
      result += character;
    }
  }
  return result + quote;
}

std::string tuple_name(const TorchFile& torch, const PickleNode& tuple) {
  std::string text = "(";
  for (const PickleValue item : tuple.items()) {
    if (text.size() > 1) text += ", ";
    text += item.kind == ValueKind::text ? quoted(checked(torch.object, item), false)
                                         : key_name(torch, item);
  }
  return text + (tuple.count == 1 ? ",)" : ")");
}

template <typename T>
T number_of(const std::string& bytes) {
  T number{};
  std::memcpy(&number, bytes.data(), std::min(sizeof number, bytes.size()));
  return number;
}

// Returns what str() makes of a NumPy scalar; nullopt for one that is rarely a key.
std::optional<std::string> scalar_name(const TorchFile& torch, PickleValue key) {
  const NumpyScalar scalar = read_numpy_scalar(torch, key, "a key");
  torch.budget->take(scalar.bytes.length, "a key");
  const std::string bytes = read_raw_bytes(torch.file, scalar.bytes);
  torch.budget->give_back(scalar.bytes.length);
  if (scalar.descr.starts_with("<U")) return utf8_of_utf32(bytes);
  if (!scalar.dtype) return std::nullopt;
  const std::string_view dtype = scalar.dtype->dtype;
  if (dtype == "bool") return bytes[0] != 0 ? "True" : "False";
  if (dtype == "float64") return text_of_real(number_of<double>(bytes));
  if (dtype == "float32") {
    const auto number = number_of<float>(bytes);
    std::string text = fmt::format("{}", number);
    const bool has_point = !std::isfinite(number) || text.find_first_of(".e") != text.npos;
    return has_point ? text : text + ".0";
  }
  if (!dtype.starts_with("int") && !dtype.starts_with("uint")) return std::nullopt;
  if (dtype.starts_with("u")) return fmt::to_string(number_of<std::uint64_t>(bytes));
  const int shift = 64 - 8 * static_cast<int>(bytes.size());
  return fmt::to_string(static_cast<std::int64_t>(number_of<std::uint64_t>(bytes) << shift) >>
                        shift);
}

// Returns what str() makes of the keys that are made by a call; nullopt for one that is rarely a
// key.
std::optional<std::string> call_name(const TorchFile& torch, PickleValue key, ObjectKind kind) {
  switch (kind) {
    case ObjectKind::bytes: {
      const auto raw = raw_bytes(torch.object, key);
      if (!raw || raw->length > kLongestKeptText) return std::nullopt;
      return "b" + quoted(read_raw_bytes(torch.file, *raw), true);
    }
    case ObjectKind::path:
      return path_text(torch.object, key);
    case ObjectKind::date:
    case ObjectKind::time:
    case ObjectKind::datetime: {
      const auto text = time_text(torch, key);
      return text ? std::optional(text->iso) : std::nullopt;
    }
    case ObjectKind::decimal:
      return decimal_text(torch.object, key);
    case ObjectKind::uuid:
      return uuid_text(torch.object, key);
    case ObjectKind::numpy_scalar:
      return scalar_name(torch, key);
    default:
      return std::nullopt;
  }
}

// The text of a key in JSON, for keys that str() makes something long of.
std::string json_name(const TorchFile& torch, PickleValue key) {
  JsonValueWriter json(torch, "a key");
  json.write(key);
  const std::vector<char> text = json.take();
  torch.budget->give_back(text.capacity());
  return {text.begin(), text.end()};
}

}  // namespace

std::string key_name(const TorchFile& torch, PickleValue key) {
  const PickleDocument& document = torch.object;
  if (key.kind == ValueKind::text) return std::string(checked(document, key));
  if (key.kind == ValueKind::none) return "None";
  if (key.kind == ValueKind::bytes) return "b" + quoted(kept(document, key), true);
  if (key.kind == ValueKind::big_integer) return decimal(kept(document, key));
  if (const auto boolean = document.boolean(key)) return *boolean ? "True" : "False";
  if (const auto integer = document.integer(key)) return fmt::to_string(*integer);
  if (const auto real = document.real(key)) return text_of_real(*real);
  const PickleNode& node = *document.node(key);
  if (node.kind == NodeKind::tuple) return tuple_name(torch, node);
  if (node.kind == NodeKind::global) return document.full_name(node);
  if (auto name = call_name(torch, key, object_kind(document, key))) {
    if (!io::utf8_error(*name)) return *name;
  }
  return json_name(torch, key);
}

}  // namespace lancekeep::formats
