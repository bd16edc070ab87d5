// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::formats {
namespace {

[[noreturn]] void fail(const PicklePlace& place, const std::string& problem) {
  place.fail(ErrorCode::corrupt, problem);
}

// Returns the only argument; null if `arguments` is empty.
const PickleNode* only_argument(const PicklePlace& place, const PickleDocument& document,
                                const PickleNode& arguments, NodeKind kind,
                                const std::string& usage) {
  if (arguments.count == 0) return nullptr;
  const PickleNode* argument = document.node(arguments.items()[0], kind);
  if (arguments.count > 1 || !argument) {
    fail(place, usage + ", not " + document.describe(arguments.items()[0]));
  }
  return argument;
}

PickleValue ordered_dict(const PicklePlace& place, PickleDocument& document,
                         const PickleNode& arguments) {
  const PickleNode* pairs = only_argument(place, document, arguments, NodeKind::list,
                                          "OrderedDict takes no argument or a list of pairs");
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
  const PickleNode* counts = only_argument(place, document, arguments, NodeKind::dict,
                                           "Counter takes no argument or a dict");
  return document.add_node(NodeKind::counter, place.at,
                           counts ? counts->items() : PickleStack::Values());
}

// Makes a set or a frozenset.
PickleValue set(const PicklePlace& place, PickleDocument& document, const PickleNode& arguments,
                NodeKind kind) {
  const PickleNode* items =
      only_argument(place, document, arguments, NodeKind::list, "set takes no argument or a list");
  return document.add_node(kind, place.at, items ? items->items() : PickleStack::Values());
}

// Its items follow by APPENDS, except in old pickles.
PickleValue deque(const PicklePlace& place, PickleDocument& document, const PickleNode& arguments) {
  const PickleNode* items = arguments.count > 0 ? document.node(arguments.items()[0]) : nullptr;
  const PickleValue maxlen = arguments.count == 2 ? arguments.items()[1] : PickleValue{};
  const bool is_list = !items || items->kind == NodeKind::tuple || items->kind == NodeKind::list;
  const auto length = document.integer(maxlen);
  const bool has_length = length && *length >= 0;
  if (arguments.count > 2 || !is_list || (arguments.count > 0 && !items) ||
      (maxlen != PickleValue{} && !has_length)) {
    fail(place, "deque takes no argument, or a list and the greatest length");
  }
  const PickleValue made =
      document.add_node(NodeKind::deque, place.at, items ? items->items() : PickleStack::Values());
  document.set_extra(made, maxlen);
  return made;
}

// Keeps the factory, which makes the values of missing keys.
PickleValue default_dict(const PicklePlace& place, PickleDocument& document,
                         const PickleNode& arguments) {
  const PickleValue factory = arguments.count == 1 ? arguments.items()[0] : PickleValue{};
  if (arguments.count > 1 || (factory != PickleValue{} && !document.node(factory))) {
    fail(place, "defaultdict takes no argument or a factory");
  }
  const PickleValue made = document.add_node(NodeKind::default_dict, place.at);
  document.set_extra(made, factory);
  return made;
}

bool is_ordered_dict(const PickleDocument& document, const PickleNode& global) {
  return document.global_module(global) == "collections" &&
         document.global_name(global) == "OrderedDict";
}

}  // namespace

std::optional<PickleValue> make_container(const PicklePlace& place, PickleDocument& document,
                                          const PickleNode& function, const PickleNode& arguments) {
  if (is_ordered_dict(document, function)) return ordered_dict(place, document, arguments);
  const std::string name = document.full_name(function);
  if (name == "collections.Counter") return counter(place, document, arguments);
  if (name == "collections.defaultdict") return default_dict(place, document, arguments);
  if (name == "collections.deque") return deque(place, document, arguments);
  const auto is_builtin = [&](std::string_view type) {
    return document.global_name(function) == type &&
           (document.global_module(function) == "builtins" ||
            document.global_module(function) == "__builtin__");
  };
  if (is_builtin("set")) return set(place, document, arguments, NodeKind::set);
  if (is_builtin("frozenset")) return set(place, document, arguments, NodeKind::frozenset);
  return std::nullopt;
}

namespace {

// A tuple can be compared with every other tuple, so tuples must be small. A string is compared
// byte by byte only with strings at other places in the file.
constexpr std::uint64_t kLargestTuple = 1024;
constexpr int kDeepestTuple = 8;
constexpr double kBeyondInt64 = 9223372036854775808.0;

bool is_tuple(const PickleDocument& document, PickleValue value) {
  return document.node(value, PickleNode::Kind::tuple) != nullptr;
}

// Estimates the cost of comparing the key; nullopt if the value can't be a key.
std::optional<std::uint64_t> size_of(const PickleDocument& document, PickleValue key, int depth) {
  if (const PickleText* text = document.text(key)) return 8 + text->length;
  const PickleNode* node = document.node(key);
  if (!node) return 8;
  switch (node->kind) {
    case NodeKind::global:
    case NodeKind::foreign:
    case NodeKind::call:
    case NodeKind::object:
    case NodeKind::frozenset:
    case NodeKind::persistent_id:
      return 8;
    case NodeKind::tuple:
      break;
    default:
      return std::nullopt;
  }
  if (depth == kDeepestTuple) return std::nullopt;
  std::uint64_t sum = 8;
  for (const PickleValue item : node->items()) {
    const auto size = size_of(document, item, depth + 1);
    if (!size) return std::nullopt;
    sum += *size;
    if (sum > kLargestTuple) break;
  }
  return sum;
}

void check_key(const PickleDocument& document, const PickleNode& holder, PickleValue key) {
  const auto size = size_of(document, key, 0);
  if (key.kind == ValueKind::bytearray || !size) {
    document.fail(ErrorCode::unsupported,
                  fmt::format("a key is {}; keys of dicts and items of sets can be strings, "
                              "numbers, bytes, None, dtypes, tuples of these and the like",
                              document.describe(key)),
                  holder.offset);
  }
  const std::uint64_t most = is_tuple(document, key) ? kLargestTuple : kLongestKeptText;
  if (*size > most) {
    document.fail(ErrorCode::unsupported,
                  fmt::format("a key is {} of more than {} bytes; names are shorter",
                              document.describe(key), most),
                  holder.offset);
  }
}

// Returns the int that the value equals in Python; nullopt if it equals none.
std::optional<std::int64_t> whole_number(const PickleDocument& document, PickleValue value) {
  if (const auto boolean = document.boolean(value)) return *boolean ? 1 : 0;
  if (const auto integer = document.integer(value)) return integer;
  const auto real = document.real(value);
  if (!real || std::trunc(*real) != *real || std::abs(*real) >= kBeyondInt64) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

// Keys of different ranks are never equal.
int rank(const PickleDocument& document, PickleValue value) {
  if (whole_number(document, value)) return 0;
  if (const PickleNode* node = document.node(value)) {
    if (node->kind == NodeKind::tuple) return 1;
    return node->kind == NodeKind::global || node->kind == NodeKind::foreign ? 2 : 3;
  }
  return 4 + static_cast<int>(value.kind);
}

std::strong_ordering compare(const PickleDocument& document, PickleValue a, PickleValue b);

std::strong_ordering compare_items(const PickleDocument& document, const PickleNode& a,
                                   const PickleNode& b) {
  for (std::uint32_t i = 0; i < std::min(a.count, b.count); ++i) {
    const auto order = compare(document, a.first[i], b.first[i]);
    if (order != 0) return order;
  }
  return a.count <=> b.count;
}

// In Python, a NaN equals no other NaN; any consistent order will do.
std::strong_ordering compare_reals(const PickleDocument& document, PickleValue a, PickleValue b) {
  const double x = document.real(a).value();
  const double y = document.real(b).value();
  if (std::isnan(x) && std::isnan(y)) return a.payload <=> b.payload;
  if (std::isnan(x) || std::isnan(y)) return std::isnan(x) <=> std::isnan(y);
  if (x == y) return std::strong_ordering::equal;
  return x < y ? std::strong_ordering::less : std::strong_ordering::greater;
}

// Defines an arbitrary order in which two keys are equal exactly if Python considers them equal.
std::strong_ordering compare(const PickleDocument& document, PickleValue a, PickleValue b) {
  if (a == b) return std::strong_ordering::equal;
  const int rank_of_a = rank(document, a);
  if (const auto order = rank_of_a <=> rank(document, b); order != 0) return order;
  if (rank_of_a == 0)
    return whole_number(document, a).value() <=> whole_number(document, b).value();
  if (rank_of_a == 3) return a.payload <=> b.payload;
  if (const PickleNode* node = document.node(a)) {
    return compare_items(document, *node, *document.node(b));
  }
  if (a.kind == ValueKind::real) return compare_reals(document, a, b);
  const PickleText* x = document.text(a);
  const PickleText* y = document.text(b);
  if (!x || !y) return std::strong_ordering::equal;  // None and None
  return std::string_view(x->kept, x->length) <=> std::string_view(y->kept, y->length);
}

// A key and its value, as positions among the node's keys.
struct Entry {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// Merges entries that `less` considers equal into the first of them.
template <typename Less>
void merge_equal(std::vector<Entry>& entries, const Less& less) {
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (less(a.first, b.first)) return true;
    return !less(b.first, a.first) && a.first < b.first;
  });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (less(entries[kept].first, entries[i].first)) {
      entries[++kept] = entries[i];
    } else {
      entries[kept].last = std::max(entries[kept].last, entries[i].last);
    }
  }
  entries.resize(kept + 1);
}

void drop_repeated(PickleDocument& document, PickleNode& node) {
  const std::uint32_t step = node.is_dict() ? 2 : 1;
  const std::uint32_t count = node.count / step;
  const std::uint64_t taken = count * sizeof(Entry);
  document.budget().take(taken, "the keys of a dict");
  std::vector<Entry> entries;
  entries.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    check_key(document, node, node.first[i * step]);
    entries.push_back({i, i});
  }
  if (count == 0) return;
  const auto key = [&](std::uint32_t place) { return node.first[place * step]; };
  const auto order_of = [](PickleValue value) { return std::pair(value.kind, value.payload); };
  // Merges references to the same key first. Otherwise, two long keys that the memo repeats a
  // million times would be compared byte by byte a million times.
  merge_equal(entries, [&](auto a, auto b) { return order_of(key(a)) < order_of(key(b)); });
  merge_equal(entries, [&](auto a, auto b) { return compare(document, key(a), key(b)) < 0; });
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.first < b.first; });
  std::uint32_t place = 0;
  for (const Entry& entry : entries) {
    node.first[place * step] = key(entry.first);
    if (step == 2) node.first[place * step + 1] = node.first[entry.last * step + 1];
    ++place;
  }
  node.count = place * step;
  document.budget().give_back(taken);
}

}  // namespace

void drop_repeated_keys(PickleDocument& document) {
  for (PickleNode& node : document.change_nodes()) {
    const bool is_set = node.kind == NodeKind::set || node.kind == NodeKind::frozenset;
    if (node.is_dict() || is_set) drop_repeated(document, node);
  }
}

}  // namespace lancekeep::formats
