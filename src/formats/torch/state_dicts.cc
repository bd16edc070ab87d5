// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/state_dicts.h"

#include <lancekeep/error.h>

#include "formats/torch/json_value.h"
#include "formats/torch/object_paths.h"

#include <fmt/format.h>

#include <string_view>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kProperty = "lancekeep.state_dicts";
constexpr std::size_t kLongestProperty = 256 << 10;

}  // namespace

void StateDicts::add_flat_root(PickleValue root) { add(root, true); }

void StateDicts::add(PickleValue container) { add(container, false); }

void StateDicts::add(PickleValue container, bool is_root) {
  const PickleNode* node = torch_.object.node(container, NodeKind::ordered_dict);
  if (!node || is_too_long_) return;
  const auto state = torch_.object.extra(container);
  const auto metadata = state ? entry_of(torch_.object, *state, "_metadata") : std::nullopt;
  if (!metadata && !is_root) return;
  std::string entry = text_.empty() ? "[[" : ",[";
  entry += path_text() + ",";
  try {
    entry += metadata ? metadata_text(*metadata) : "null";
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    has_odd_ones_ = true;
    return;
  }
  entry += "]";
  is_too_long_ = text_.size() + entry.size() + 1 > kLongestProperty;
  if (!is_too_long_) text_.append(entry);
}

void StateDicts::enter(const PickleNode& container, std::uint32_t place) {
  const PickleValue key =
      container.is_dict() ? container.items()[place - 1] : PickleValue{PickleValue::Kind::absent};
  path_.emplace_back(key, place);
}

std::string StateDicts::path_text() const {
  std::string text = "[";
  for (const auto& [key, index] : path_) {
    if (text.size() > 1) text += ",";
    if (key.kind == PickleValue::Kind::absent) {
      text += fmt::to_string(index);
    } else {
      JsonValueWriter json(torch_, "a key");
      json.write(key);
      const std::vector<char> written = json.take();
      torch_.budget->give_back(written.capacity());
      text.append(written.begin(), written.end());
    }
  }
  return text + "]";
}

// Writes `[["",{"version":1}],["0",{"version":1}]]`.
std::string StateDicts::metadata_text(PickleValue pairs) const {
  const PickleNode* node = torch_.object.node(pairs);
  if (!node || !node->is_dict()) {
    torch_.object.fail(ErrorCode::unsupported, "the _metadata of a state dict is not a dict");
  }
  std::string text = "[";
  for (std::uint32_t i = 0; i + 1 < node->count && text.size() <= kLongestProperty; i += 2) {
    const auto name = torch_.object.short_text(node->items()[i]);
    if (!name)
      torch_.object.fail(ErrorCode::unsupported, "the _metadata has a key other than text");
    JsonValueWriter json(torch_, "the _metadata of a state dict");
    json.write(node->items()[i]);
    json.separate();
    json.write(node->items()[i + 1]);
    const std::vector<char> written = json.take();
    torch_.budget->give_back(written.capacity());
    text += text.size() > 1 ? ",[" : "[";
    text.append(written.begin(), written.end());
    text += "]";
  }
  return text + "]";
}

void StateDicts::take(Metadata& metadata, std::vector<std::string>& notes) {
  if (is_too_long_) {
    notes.push_back(fmt::format(
        "the versions of modules (`_metadata`) are not kept: they take more than {} bytes",
        kLongestProperty));
  } else if (!text_.empty()) {
    text_.push_back(']');
    const auto values = text_.values();
    metadata.emplace(kProperty, std::string(values.begin(), values.end()));
  }
  if (has_odd_ones_) {
    notes.emplace_back(
        "the `_metadata` of a state dict that is not a dict of str to plain data is not kept");
  }
}

}  // namespace lancekeep::formats
