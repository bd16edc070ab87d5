// SPDX-License-Identifier: Apache-2.0
#include "store/table/properties.h"

#include <lancekeep/error.h>

#include "io/utf8.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>

namespace lancekeep::store {

bool is_reserved_key(const std::string& key) {
  return key.starts_with("lancekeep.") || key.starts_with("__lance");
}

void check_metadata(const std::string& message, const Metadata& metadata) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::invalid_argument, what);
  };
  std::uint64_t bytes = message.size();
  for (const auto& [key, value] : metadata) bytes += key.size() + value.size();
  if (bytes > kMaxDescriptionBytes) {
    refuse(
        fmt::format("the message ({} bytes) and the metadata ({} bytes) of a version have at most "
                    "{} bytes together; save what is large as a value of the model instead",
                    message.size(), bytes - message.size(), kMaxDescriptionBytes));
  }
  if (!is_utf8(message)) refuse("the message is not valid UTF-8");
  for (const auto& [key, value] : metadata) {
    if (key.empty()) refuse("a metadata key is empty");
    if (!is_utf8(key) || !is_utf8(value)) refuse("a metadata entry is not valid UTF-8");
    if (is_reserved_key(key)) {
      refuse("the metadata key `" + key +
             "` is reserved: keys that start with `lancekeep.` or `__lance` are set by the store; "
             "choose another name");
    }
  }
}

Metadata user_metadata(const Metadata& properties) {
  Metadata metadata;
  for (const auto& [key, value] : properties) {
    if (!is_reserved_key(key)) metadata.emplace(key, value);
  }
  return metadata;
}

bool is_state_dicts(const std::string& text) {
  // Manifests are read whole, at every opening. Python leaves out what is longer, with a note.
  constexpr std::size_t kMostBytes = 256 << 10;
  return !text.empty() && text.size() <= kMostBytes && is_utf8(text);
}

std::string property(const Metadata& properties, const std::string& key) {
  const auto it = properties.find(key);
  return it == properties.end() ? std::string() : it->second;
}

std::optional<std::uint64_t> number_property(const Metadata& properties, const std::string& key) {
  const std::string text = property(properties, key);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_utf8(const std::string& text) { return !io::utf8_error(text); }

}  // namespace lancekeep::store
