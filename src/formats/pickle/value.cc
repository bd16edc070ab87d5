// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/value.h"

namespace lancekeep::formats {
namespace {

std::string describe_node(const PickleNode& node) {
  switch (node.kind) {
    case PickleNode::Kind::tuple:
      return "a tuple";
    case PickleNode::Kind::list:
      return "a list";
    case PickleNode::Kind::dict:
      return "a dict";
    case PickleNode::Kind::ordered_dict:
      return "an OrderedDict";
    case PickleNode::Kind::global:
      return "the global " + node.full_name();
    case PickleNode::Kind::call:
      return "a call of " + node_of(node.items.front())->full_name();
    case PickleNode::Kind::persistent_id:
      return "a storage";
  }
  return "a value of an unknown kind";
}

struct Describe {
  std::string operator()(PickleNone) const { return "None"; }
  std::string operator()(bool) const { return "a bool"; }
  std::string operator()(std::int64_t) const { return "an int"; }
  std::string operator()(double) const { return "a float"; }
  std::string operator()(PickleBigInt) const { return "an int of more than 64 bits"; }
  std::string operator()(PickleText) const { return "a str"; }
  std::string operator()(PickleBytes) const { return "a bytes object"; }
  std::string operator()(const PickleNode* node) const { return describe_node(*node); }
};

}  // namespace

std::string PickleNode::full_name() const {
  std::string full(module);
  full += '.';
  full += name;
  return full;
}

const PickleNode* node_of(const PickleValue& value) noexcept {
  const auto* node = std::get_if<PickleNode*>(&value);
  return node ? *node : nullptr;
}

const PickleNode* node_of(const PickleValue& value, PickleNode::Kind kind) noexcept {
  const PickleNode* node = node_of(value);
  return node && node->kind == kind ? node : nullptr;
}

std::string called_name(const PickleValue& value) {
  const PickleNode* call = node_of(value, PickleNode::Kind::call);
  return call ? node_of(call->items.front())->full_name() : std::string();
}

std::string describe(const PickleValue& value) { return std::visit(Describe(), value); }

}  // namespace lancekeep::formats
