// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/object_paths.h"

#include "formats/torch/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kLongestPath = 400;
constexpr int kMostMakers = 8;
// Many objects can share one large dict as their state. torch and OmegaConf put what is asked for
// among the first attributes.
constexpr std::uint32_t kMostSearched = 2 * 128;

}  // namespace

std::string ObjectPath::text_of(const std::pair<PickleValue, std::uint32_t>& part) const {
  const auto& [key, index] = part;
  const PickleDocument& document = torch_.object;
  if (key.kind == PickleValue::Kind::absent) return fmt::to_string(index);
  if (const auto text = document.short_text(key)) return std::string(text->substr(0, kLongestPath));
  if (const auto integer = document.integer(key)) return fmt::to_string(*integer);
  if (const auto boolean = document.boolean(key)) return *boolean ? "True" : "False";
  if (const auto real = document.real(key)) return text_of_real(*real);
  return document.describe(key);
}

std::string ObjectPath::text() const {
  std::string path;
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (path.size() > kLongestPath) return "..." + path;
    path = text_of(*part) + (path.empty() ? "" : ".") + path;
  }
  return path;
}

std::string foreign_name(const PickleDocument& document, PickleValue value) {
  const PickleNode* node = document.node(value);
  for (int i = 0; node && node->kind == NodeKind::object && i < kMostMakers; ++i) {
    node = document.node(node->items()[kMaker]);
  }
  if (node && node->kind == NodeKind::persistent_id) {
    // ('module', class, file, source): the old form of a module's class
    const PickleNode* id = document.node(node->items()[0], NodeKind::tuple);
    node = id && id->count > 1 ? document.node(id->items()[1]) : nullptr;
  }
  if (!node) return "an unknown class";
  const bool has_name = node->kind == NodeKind::foreign || node->kind == NodeKind::global;
  return has_name ? document.full_name(*node) : document.describe(value);
}

std::optional<PickleValue> entry_of(const PickleDocument& document, PickleValue dict,
                                    std::string_view key) {
  const PickleNode* node = document.node(dict);
  if (!node || !node->is_dict()) return std::nullopt;
  for (std::uint32_t i = 0; i + 1 < std::min(node->count, kMostSearched); i += 2) {
    if (document.short_text(node->items()[i]) == key) return node->items()[i + 1];
  }
  return std::nullopt;
}

Attributes attributes_of(const PickleDocument& document, const PickleNode& object) {
  const auto dict_or_null = [&](PickleValue value) {
    const PickleNode* node = document.node(value);
    return node && node->is_dict() ? node : nullptr;
  };
  const PickleValue state = object.items()[kObjectState];
  if (const PickleNode* dict = dict_or_null(state)) return {dict};
  const PickleNode* both = document.node(state, NodeKind::tuple);
  if (!both || both->count != 2) return {};
  return {dict_or_null(both->items()[0]), dict_or_null(both->items()[1])};
}

std::optional<PickleValue> attribute_of(const PickleDocument& document, PickleValue object,
                                        std::string_view name) {
  const PickleNode* node = document.node(object, NodeKind::object);
  return node ? entry_of(document, node->items()[kObjectState], name) : std::nullopt;
}

bool is_module(const PickleDocument& document, PickleValue value) {
  return attribute_of(document, value, "_parameters") &&
         attribute_of(document, value, "_buffers") && attribute_of(document, value, "_modules");
}

bool is_optimizer(const PickleDocument& document, PickleValue value) {
  const auto groups = attribute_of(document, value, "param_groups");
  const auto state = attribute_of(document, value, "state");
  const PickleNode* dict = state ? document.node(*state) : nullptr;
  return groups && document.node(*groups, NodeKind::list) && dict && dict->is_dict();
}

}  // namespace lancekeep::formats
