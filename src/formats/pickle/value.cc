// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/value.h"

#include "io/checked_math.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kChunk = 64 << 10;
constexpr std::size_t kLargestTable = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMoreThanAny = std::numeric_limits<std::uint64_t>::max();

std::string describe_node(const PickleDocument& document, const PickleNode& node) {
  switch (node.kind) {
    case PickleNode::Kind::tuple:
      return "a tuple";
    case PickleNode::Kind::list:
      return "a list";
    case PickleNode::Kind::set:
      return "a set";
    case PickleNode::Kind::frozenset:
      return "a frozenset";
    case PickleNode::Kind::deque:
      return "a deque";
    case PickleNode::Kind::dict:
      return "a dict";
    case PickleNode::Kind::ordered_dict:
      return "an OrderedDict";
    case PickleNode::Kind::counter:
      return "a Counter";
    case PickleNode::Kind::default_dict:
      return "a defaultdict";
    case PickleNode::Kind::global:
    case PickleNode::Kind::foreign:
      return "the global " + document.full_name(node);
    case PickleNode::Kind::object: {
      const PickleNode* maker = document.node(node.items()[kMaker], PickleNode::Kind::foreign);
      return maker ? "an object of " + document.full_name(*maker) : "an object";
    }
    case PickleNode::Kind::call:
      return "a call of " + document.full_name(*document.node(node.items()[0]));
    case PickleNode::Kind::persistent_id:
      return "a storage";
  }
  return "a value of an unknown kind";
}

}  // namespace

std::string_view PickleArena::copy(std::string_view text) {
  const std::span<char> room = allocate<char>(text.size());
  std::copy(text.begin(), text.end(), room.begin());
  return {room.data(), room.size()};
}

std::byte* PickleArena::take(std::size_t count, std::size_t size, std::size_t alignment) {
  const std::size_t wanted =
      io::checked_mul(count, size).value_or(std::numeric_limits<std::size_t>::max());
  const std::size_t misplaced = reinterpret_cast<std::uintptr_t>(free_.data()) % alignment;
  const std::size_t padding = misplaced == 0 ? 0 : alignment - misplaced;
  if (padding <= free_.size() && wanted <= free_.size() - padding) {
    std::byte* const piece = free_.data() + padding;
    free_ = free_.subspan(padding + wanted);
    return piece;
  }
  const std::size_t chunk = std::max(wanted, kChunk);
  budget_->take(chunk, "the pickle's values");
  auto made = std::make_unique_for_overwrite<std::byte[]>(chunk);
  std::byte* const memory = made.get();
  if (wanted < kChunk) {
    free_ = std::span(memory, chunk).subspan(wanted);
    chunks_.push_back(std::move(made));
  } else {
    // A large allocation gets a chunk of its own; the current chunk stays in use.
    large_.emplace(memory, Chunk{std::move(made), chunk});
  }
  return memory;
}

void PickleArena::free_large(const void* memory) {
  const auto found = large_.find(memory);
  if (found == large_.end()) return;
  budget_->give_back(found->second.size);
  large_.erase(found);
}

std::optional<bool> PickleDocument::boolean(PickleValue value) const {
  if (value.kind != ValueKind::boolean) return std::nullopt;
  return value.payload != 0;
}

std::optional<std::int64_t> PickleDocument::integer(PickleValue value) const {
  if (value.kind == ValueKind::small_integer) return static_cast<std::int32_t>(value.payload);
  if (value.kind != ValueKind::integer) return std::nullopt;
  return static_cast<std::int64_t>(numbers_[value.payload]);
}

std::optional<double> PickleDocument::real(PickleValue value) const {
  if (value.kind != ValueKind::real) return std::nullopt;
  return std::bit_cast<double>(numbers_[value.payload]);
}

const PickleText* PickleDocument::text(PickleValue value) const {
  const bool has_bytes = value.kind == ValueKind::text || value.kind == ValueKind::bytes ||
                         value.kind == ValueKind::bytearray || value.kind == ValueKind::big_integer;
  return has_bytes ? &texts_[value.payload] : nullptr;
}

std::optional<std::string_view> PickleDocument::short_text(PickleValue value) const {
  if (value.kind != ValueKind::text) return std::nullopt;
  const PickleText& text = texts_[value.payload];
  if (!text.kept && text.length > 0) return std::nullopt;
  return std::string_view(text.kept, text.length);
}

const PickleNode* PickleDocument::node(PickleValue value) const {
  return value.kind == ValueKind::node ? &nodes_[value.payload] : nullptr;
}

const PickleNode* PickleDocument::node(PickleValue value, PickleNode::Kind kind) const {
  const PickleNode* found = node(value);
  return found && found->kind == kind ? found : nullptr;
}

std::optional<PickleValue> PickleDocument::extra(PickleValue node) const {
  if (node.kind != ValueKind::node) return std::nullopt;
  const auto found = extras_.find(node.payload);
  if (found == extras_.end()) return std::nullopt;
  return found->second;
}

void PickleDocument::set_extra(PickleValue node, PickleValue extra) {
  constexpr std::uint64_t kExtraBytes = 64;
  const auto [place, is_new] = extras_.insert_or_assign(node.payload, extra);
  if (is_new) budget_->take(kExtraBytes, "the pickle's values");
}

std::string_view PickleDocument::global_module(const PickleNode& global) const {
  return short_text(global.items()[0]).value();
}

std::string_view PickleDocument::global_name(const PickleNode& global) const {
  return short_text(global.items()[1]).value();
}

std::string PickleDocument::full_name(const PickleNode& global) const {
  std::string full(global_module(global));
  full += '.';
  full += global_name(global);
  return full;
}

std::string PickleDocument::describe(PickleValue value) const {
  switch (value.kind) {
    case ValueKind::absent:
      return "nothing";
    case ValueKind::none:
      return "None";
    case ValueKind::boolean:
      return "a bool";
    case ValueKind::small_integer:
    case ValueKind::integer:
      return "an int";
    case ValueKind::big_integer:
      return "an int of more than 64 bits";
    case ValueKind::real:
      return "a float";
    case ValueKind::text:
      return "a str";
    case ValueKind::bytes:
      return "a bytes object";
    case ValueKind::bytearray:
      return "a bytearray";
    case ValueKind::node:
      return describe_node(*this, nodes_[value.payload]);
  }
  return "a value of an unknown kind";
}

std::optional<std::uint64_t> PickleDocument::offset_of(PickleValue value) const {
  const PickleNode* found = node(value);
  if (!found) return std::nullopt;
  return found->offset;
}

void PickleDocument::fail(ErrorCode code, const std::string& problem,
                          std::optional<std::uint64_t> offset) const {
  throw Error(code, problem, file_, offset);
}

template <typename T>
std::uint32_t PickleDocument::add(std::deque<T>& table, const T& entry) {
  budget_->take(table.size() < kLargestTable ? sizeof(T) : kMoreThanAny, "the pickle's values");
  table.push_back(entry);
  return static_cast<std::uint32_t>(table.size() - 1);
}

PickleValue PickleDocument::add_integer(std::int64_t number) {
  if (number == static_cast<std::int32_t>(number)) {
    return {ValueKind::small_integer, static_cast<std::uint32_t>(number)};
  }
  return {ValueKind::integer, add(numbers_, static_cast<std::uint64_t>(number))};
}

PickleValue PickleDocument::add_real(double number) {
  return {ValueKind::real, add(numbers_, std::bit_cast<std::uint64_t>(number))};
}

PickleValue PickleDocument::add_text(ValueKind kind, const PickleText& text) {
  PickleText entry = text;
  if (text.kept && bytes_.empty()) entry.kept = arena_.copy({text.kept, text.length}).data();
  return {kind, add(texts_, entry)};
}

PickleValue PickleDocument::add_text(std::string_view text, std::uint64_t offset) {
  return {ValueKind::text, add(texts_, PickleText{arena_.copy(text).data(), offset, text.size()})};
}

PickleValue PickleDocument::add_node(PickleNode::Kind kind, std::uint64_t offset,
                                     std::span<const PickleValue> items) {
  PickleNode node{};
  node.offset = offset & ((std::uint64_t{1} << 56) - 1);
  node.kind = kind;
  node.count = node.capacity = static_cast<std::uint32_t>(items.size());
  const std::span<PickleValue> room = arena_.allocate<PickleValue>(items.size());
  std::copy(items.begin(), items.end(), room.begin());
  node.first = room.data();
  return {ValueKind::node, add(nodes_, node)};
}

void PickleDocument::append(PickleNode& node, std::span<const PickleValue> items) {
  if (items.size() > node.capacity - node.count) {
    constexpr std::uint64_t kLarge = kChunk / sizeof(PickleValue);
    const std::uint64_t wanted = std::uint64_t{node.count} + items.size();
    const std::uint64_t more = node.capacity < kLarge ? node.capacity : node.capacity / 2;
    const std::uint64_t grown = std::max(wanted, std::uint64_t{node.capacity} + more);
    const std::span<PickleValue> room = arena_.allocate<PickleValue>(grown);
    std::copy(node.first, node.first + node.count, room.begin());
    arena_.free_large(node.first);
    node.first = room.data();
    node.capacity = static_cast<std::uint32_t>(grown);
  }
  std::copy(items.begin(), items.end(), node.first + node.count);
  node.count += static_cast<std::uint32_t>(items.size());
}

}  // namespace lancekeep::formats
