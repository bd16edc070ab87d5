// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/module_state.h"

#include <lancekeep/error.h>

#include "formats/torch/object_paths.h"
#include "formats/torch/python_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
      document_.fail(
          ErrorCode::unsupported,
          fmt::format("the name of a module's tensor has more than {} bytes", kLongestKeptText));
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

namespace {

class OptimizerStateMaker {
 public:
  explicit OptimizerStateMaker(TorchFile& torch)
      : document_(torch.object), budget_(*torch.budget) {}

  PickleValue make(PickleValue optimizer) {
    const PickleValue groups =
        made_groups(*document_.node(*attribute_of(document_, optimizer, "param_groups")));
    const PickleValue state =
        made_state(*document_.node(*attribute_of(document_, optimizer, "state")));
    const std::array entries = {document_.add_text("state", 0), state,
                                document_.add_text("param_groups", 0), groups};
    return document_.add_node(NodeKind::dict, 0, entries);
  }

 private:
  PickleValue made_groups(const PickleNode& groups) {
    const PickleValue made = document_.add_node(NodeKind::list, groups.offset);
    for (const PickleValue group : groups.items()) {
      const PickleNode* dict = document_.node(group);
      const bool is_dict = dict && dict->is_dict();
      const PickleValue item = is_dict ? made_group(*dict) : group;
      document_.append(document_.change(made), {&item, 1});
    }
    return made;
  }

  PickleValue made_group(const PickleNode& group) {
    const PickleValue made = document_.add_node(NodeKind::dict, group.offset);
    for (std::uint32_t i = 0; i + 1 < group.count; i += 2) {
      const PickleValue value = group.items()[i + 1];
      const PickleNode* list = document_.node(value, NodeKind::list);
      const bool is_params = list && document_.short_text(group.items()[i]) == "params";
      const std::array entry = {group.items()[i], is_params ? numbered(*list) : value};
      document_.append(document_.change(made), entry);
    }
    return made;
  }

  // Numbers the parameters over all groups, as torch does.
  PickleValue numbered(const PickleNode& parameters) {
    const PickleValue made = document_.add_node(NodeKind::list, parameters.offset);
    for (const PickleValue parameter : parameters.items()) {
      const PickleValue number = document_.add_integer(number_of(parameter));
      document_.append(document_.change(made), {&number, 1});
    }
    return made;
  }

  std::int64_t number_of(PickleValue parameter) {
    budget_.take(kVisitBytes, "the parameters of an optimizer");
    const auto next = static_cast<std::int64_t>(numbers_.size());
    return numbers_.try_emplace({parameter.kind, parameter.payload}, next).first->second;
  }

  // The keys of the state are the parameters themselves.
  PickleValue made_state(const PickleNode& state) {
    const PickleValue made = document_.add_node(NodeKind::dict, state.offset);
    for (std::uint32_t i = 0; i + 1 < state.count; i += 2) {
      const PickleValue key = state.items()[i];
      const auto known = numbers_.find({key.kind, key.payload});
      const std::array entry = {
          known == numbers_.end() ? key : document_.add_integer(known->second),
          state.items()[i + 1]};
      document_.append(document_.change(made), entry);
    }
    return made;
  }

  PickleDocument& document_;
  io::MemoryBudget& budget_;
  std::map<std::pair<PickleValue::Kind, std::uint32_t>, std::int64_t> numbers_;
};

}  // namespace

PickleValue make_optimizer_state(TorchFile& torch, PickleValue optimizer) {
  return OptimizerStateMaker(torch).make(optimizer);
}

}  // namespace lancekeep::formats
