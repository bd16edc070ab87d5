// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/module_state.h"

#include <lancekeep/error.h>

#include "formats/torch/object_paths.h"
#include "formats/torch/python_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {
namespace {

constexpr int kDeepestModule = 100;
// Modules that share others can be reached in very many ways; each way counts.
constexpr std::uint64_t kVisitBytes = 256;

class StateDictMaker {
 public:
  explicit StateDictMaker(TorchFile& torch)
      : torch_(torch),
        document_(torch.object),
        made_(document_.add_node(NodeKind::ordered_dict,
                                 document_.offset_of(document_.root).value_or(0))) {}

  PickleValue make(PickleValue module) {
    add_module(module, "", 0);
    return made_;
  }

 private:
  void add_module(PickleValue module, const std::string& prefix, int depth) {
    torch_.budget->take(kVisitBytes, "the modules of the file");
    if (depth == kDeepestModule) {
      document_.fail(ErrorCode::unsupported,
                     fmt::format("modules are nested more than {} levels deep", kDeepestModule),
                     document_.offset_of(module));
    }
    add_tensors(attribute_of(document_, module, "_parameters"), prefix, std::nullopt);
    add_tensors(attribute_of(document_, module, "_buffers"), prefix,
                attribute_of(document_, module, "_non_persistent_buffers_set"));
    const PickleNode* inner = dict_of(attribute_of(document_, module, "_modules"));
    for (std::uint32_t i = 0; inner && i + 1 < inner->count; i += 2) {
      const auto name = document_.short_text(inner->items()[i]);
      const PickleValue child = inner->items()[i + 1];
      if (!name || child == PickleValue{}) continue;
      if (is_module(document_, child)) {
        add_module(child, joined(prefix, *name) + ".", depth + 1);
      } else {
        add(joined(prefix, *name), child);  // noted where it is left out
      }
    }
  }

  void add_tensors(std::optional<PickleValue> tensors, const std::string& prefix,
                   std::optional<PickleValue> without) {
    const PickleNode* dict = dict_of(tensors);
    for (std::uint32_t i = 0; dict && i + 1 < dict->count; i += 2) {
      const PickleValue key = dict->items()[i];
      const auto name = document_.short_text(key);
      const PickleValue tensor = dict->items()[i + 1];
      if (name && tensor != PickleValue{} && !holds(without, *name)) {
        add(joined(prefix, *name), tensor);
      }
    }
  }

  void add(const std::string& name, PickleValue value) {
    const std::array entry = {document_.add_text(name, 0), value};
    document_.append(document_.change(made_), entry);
  }

  // A name of this length would be no tensor's name; the check keeps hostile names short.
  [[nodiscard]] std::string joined(const std::string& prefix, std::string_view name) const {
    if (prefix.size() + name.size() > kLongestKeptText) {
      document_.fail(ErrorCode::unsupported,
                     fmt::format("the name of a module's tensor has more than {} bytes",
                                 kLongestKeptText));
    }
    return prefix + std::string(name);
  }

  [[nodiscard]] const PickleNode* dict_of(std::optional<PickleValue> value) const {
    const PickleNode* node = value ? document_.node(*value) : nullptr;
    return node && node->is_dict() ? node : nullptr;
  }

  [[nodiscard]] bool holds(std::optional<PickleValue> set, std::string_view name) const {
    constexpr std::uint32_t kMostSearched = 256;
    const PickleNode* node = set ? document_.node(*set, NodeKind::set) : nullptr;
    if (!node) return false;
    const auto items = node->items().first(std::min(node->count, kMostSearched));
    return std::ranges::any_of(
        items, [&](PickleValue item) { return document_.short_text(item) == name; });
  }

  TorchFile& torch_;
  PickleDocument& document_;
  const PickleValue made_;
};

}  // namespace

PickleValue make_state_dict(TorchFile& torch, PickleValue module) {
  return StateDictMaker(torch).make(module);
}

}  // namespace lancekeep::formats
