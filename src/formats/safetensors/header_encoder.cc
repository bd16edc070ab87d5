// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace lancekeep::formats {
namespace {

std::string json_text(std::string_view text) { return nlohmann::json(text).dump(); }

}  // namespace

// Written by hand: a tree of JSON values takes ten times the memory of the text.
std::string encode_safetensors_header(const SafetensorsHeader& header) {
  std::string text = "{";
  if (!header.metadata.empty()) {
    text += json_text(kSafetensorsMetadataKey) + ":" + nlohmann::json(header.metadata).dump();
  }
  for (const SafetensorsEntry& entry : header.entries) {
    fmt::format_to(std::back_inserter(text),
                   R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                   text.size() > 1 ? "," : "", json_text(entry.name), entry.dtype->name,
                   fmt::join(entry.shape, ","), entry.begin, entry.end);
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace lancekeep::formats
