// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/container_call.h"

#include <string>

namespace lancekeep::formats {
namespace {

[[noreturn]] void fail(const PicklePlace& place, const std::string& problem) {
  place.fail(ErrorCode::corrupt, problem);
}

// The one argument; null where there is none.
const PickleNode* only_argument(const PicklePlace& place, const PickleDocument& document,
                                const PickleNode& arguments, NodeKind kind,
                                const std::string& usage) {
  if (arguments.count == 0) return nullptr;
  const PickleNode* argument = document.node(arguments.items()[0], kind);
  if (arguments.count > 1 || !argument) fail(place, usage);
  return argument;
}

PickleValue ordered_dict(const PicklePlace& place, PickleDocument& document,
                         const PickleNode& arguments) {
  const PickleNode* pairs = only_argument(place, document, arguments, NodeKind::list,
                                          "OrderedDict takes nothing or a list of pairs");
  const PickleValue made = document.add_node(NodeKind::ordered_dict, place.at);
  if (!pairs) return made;
  for (const PickleValue value : pairs->items()) {
    const PickleNode* pair = document.node(value);
    if (!pair || (pair->kind != NodeKind::list && pair->kind != NodeKind::tuple) ||
        pair->count != 2) {
      fail(place, "OrderedDict takes a list of pairs, not of " + document.describe(value));
    }
    document.append(document.change(made), pair->items());
  }
  return made;
}

PickleValue counter(const PicklePlace& place, PickleDocument& document,
                    const PickleNode& arguments) {
  const PickleNode* counts =
      only_argument(place, document, arguments, NodeKind::dict, "Counter takes nothing or a dict");
  return document.add_node(NodeKind::counter, place.at,
                           counts ? counts->items() : PickleStack::Values());
}

PickleValue set(const PicklePlace& place, PickleDocument& document, const PickleNode& arguments) {
  const PickleNode* items =
      only_argument(place, document, arguments, NodeKind::list, "set takes nothing or a list");
  return document.add_node(NodeKind::set, place.at, items ? items->items() : PickleStack::Values());
}

// The factory made the values that are missing; a dict that is read misses none.
PickleValue default_dict(const PicklePlace& place, PickleDocument& document,
                         const PickleNode& arguments) {
  const bool known =
      arguments.count == 0 ||
      (arguments.count == 1 && (arguments.items()[0] == PickleValue{} ||
                                document.node(arguments.items()[0], NodeKind::global)));
  if (!known) fail(place, "defaultdict takes nothing or a factory");
  return document.add_node(NodeKind::dict, place.at);
}

}  // namespace

bool is_ordered_dict(const PickleDocument& document, const PickleNode& global) {
  return document.global_module(global) == "collections" &&
         document.global_name(global) == "OrderedDict";
}

std::optional<PickleValue> make_container(const PicklePlace& place, PickleDocument& document,
                                          const PickleNode& function, const PickleNode& arguments) {
  if (is_ordered_dict(document, function)) return ordered_dict(place, document, arguments);
  const std::string name = document.full_name(function);
  if (name == "collections.Counter") return counter(place, document, arguments);
  if (name == "collections.defaultdict") return default_dict(place, document, arguments);
  if (name == "builtins.set" || name == "__builtin__.set") return set(place, document, arguments);
  return std::nullopt;
}

}  // namespace lancekeep::formats
