// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/key_name.h"

#include <lancekeep/error.h>

#include "formats/pickle/json_text.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <string_view>

namespace lancekeep::formats {
namespace {

std::string_view kept(const PickleDocument& document, PickleValue key) {
  const PickleText& text = *document.text(key);
  return {text.kept, text.length};
}

std::string_view checked(const PickleDocument& document, PickleValue key) {
  const std::string_view text = kept(document, key);
  if (io::utf8_error(text)) {
    document.fail(
        ErrorCode::unsupported,
        fmt::format("a dict has a key of {} bytes that is not UTF-8; names of tensors are",
                    text.size()));
  }
  return text;
}

// As Python's repr() writes a str; and bytes, behind a `b`.
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

std::string tuple_name(const PickleDocument& document, const PickleNode& tuple) {
  std::string text = "(";
  for (const PickleValue item : tuple.items()) {
    if (text.size() > 1) text += ", ";
    text += item.kind == ValueKind::text ? quoted(checked(document, item), false)
                                         : key_name(document, item);
  }
  return text + (tuple.count == 1 ? ",)" : ")");
}

}  // namespace

std::string key_name(const PickleDocument& document, PickleValue key) {
  if (key.kind == ValueKind::text) return std::string(checked(document, key));
  if (key.kind == ValueKind::none) return "None";
  if (key.kind == ValueKind::bytes) return "b" + quoted(kept(document, key), true);
  if (key.kind == ValueKind::big_integer) return decimal(kept(document, key));
  if (const auto boolean = document.boolean(key)) return *boolean ? "True" : "False";
  if (const auto integer = document.integer(key)) return fmt::to_string(*integer);
  if (const auto real = document.real(key)) return text_of_real(*real);
  const PickleNode& node = *document.node(key);
  if (node.kind == PickleNode::Kind::tuple) return tuple_name(document, node);
  return document.full_name(node);
}

}  // namespace lancekeep::formats
