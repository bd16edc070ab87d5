// SPDX-License-Identifier: Apache-2.0
// The content of a pickle as data. A value takes eight bytes: its kind, and a small number or an
// index into the document's table for that kind, so a value is meaningful only with its document.
// Containers, globals, calls and persistent ids are nodes. Values can refer to each other in any
// way, including cycles, and are freed without recursion. All memory comes from the file's budget.
// Any thread may read a document that load_pickle() returned.
#pragma once

#include <lancekeep/error.h>

#include "io/byte_view.h"
#include "io/input_file.h"
#include "io/memory_budget.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lancekeep::formats {

/// Allocates in chunks, which are freed together; each chunk is charged to the file's budget first.
/// Only for plain data, because no destructors run. One owner, one thread.
class PickleArena {
 public:
  /// `budget` must outlive the last allocation.
  explicit PickleArena(io::MemoryBudget& budget) : budget_(&budget) {}

  /// Returns uninitialized memory for `count` values. @throws Error unsupported if the budget does
  /// not suffice.
  template <typename T>
  [[nodiscard]] std::span<T> allocate(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    return {reinterpret_cast<T*>(take(count, sizeof(T), alignof(T))), count};
  }
  [[nodiscard]] std::string_view copy(std::string_view text);
  /// Gives back the memory of an allocation that had a chunk of its own; keeps any other.
  void free_large(const void* memory);

 private:
  static constexpr std::size_t kAlignment = 8;

  std::byte* take(std::size_t count, std::size_t size, std::size_t alignment);

  struct Chunk {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size = 0;
  };
  io::MemoryBudget* budget_;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::map<const void*, Chunk> large_;  ///< each with one allocation, which takes all of it
  std::span<std::byte> free_;           ///< the unused part of the newest chunk
};

struct PickleValue {
  enum class Kind : std::uint8_t {
    absent,  ///< an unused slot of the memo
    none,
    boolean,        ///< payload: 0 or 1
    small_integer,  ///< payload: an int32
    integer,        ///< payload: the index of an int64; of the kinds below, also an index
    big_integer,    ///< more than eight bytes of two's complement, little-endian
    real,           ///< a double
    text,           ///< a str's bytes, which are not always UTF-8
    bytes,
    bytearray,
    node,
  };
  Kind kind = Kind::none;
  std::uint32_t payload = 0;

  friend bool operator==(PickleValue, PickleValue) = default;
};

/// The bytes of a str, bytes or bytearray, or of an int too large for 64 bits.
struct PickleText {
  const char* kept = nullptr;  ///< the bytes in memory; null if they are long and stay in the file
  std::uint64_t offset = 0;    ///< in the file
  std::uint64_t length = 0;
};

struct PickleNode {
  enum class Kind : std::uint8_t {
    tuple,
    list,
    set,
    frozenset,
    deque,          ///< collections.deque; its maxlen is its extra()
    dict,           ///< items: key, value, key, value, ...; keys are unique
    ordered_dict,   ///< collections.OrderedDict; items as in a dict; its state is its extra()
    counter,        ///< collections.Counter; items as in a dict
    default_dict,   ///< collections.defaultdict; items as in a dict; its factory is its extra()
    global,         ///< items: module and name, two short strings
    foreign,        ///< a global that the rule does not know; items as in a global
    call,           ///< items: a global, a tuple of arguments, maybe a state; never called
    object,         ///< what a foreign global would make; items: see ObjectPart
    persistent_id,  ///< items: the id
  };
  PickleValue* first = nullptr;
  std::uint32_t count = 0;
  std::uint32_t capacity = 0;
  std::uint64_t offset : 56;  ///< file offset of the opcode that made it
  Kind kind : 8;

  [[nodiscard]] std::span<const PickleValue> items() const { return {first, count}; }
  [[nodiscard]] bool is_dict() const {
    return kind == Kind::dict || kind == Kind::ordered_dict || kind == Kind::counter ||
           kind == Kind::default_dict;
  }
};

/// The items of an object, by index. Those that the pickle does not give are absent.
enum ObjectPart : std::uint8_t {
  kMaker,          ///< what is called: a foreign global, or another object
  kArguments,      ///< a tuple
  kObjectItems,    ///< a list: what APPENDS added
  kObjectEntries,  ///< a dict: what SETITEMS added
  kObjectState,    ///< what BUILD set
  kObjectParts,
};

using ValueKind = PickleValue::Kind;
using NodeKind = PickleNode::Kind;
static_assert(sizeof(PickleValue) == 8 && sizeof(PickleNode) == 24, "a model has millions of them");

/// Strings up to this length are kept in memory.
inline constexpr std::uint64_t kLongestKeptText = 64 << 10;

class PickleDocument {
 public:
  /// `file` is for messages. `budget` must outlive the last added value.
  PickleDocument(std::string file, io::MemoryBudget& budget)
      : file_(std::move(file)), budget_(&budget), arena_(budget) {}

  PickleValue root;
  std::uint64_t length = 0;  ///< bytes of the pickle, including STOP

  [[nodiscard]] std::optional<bool> boolean(PickleValue value) const;
  [[nodiscard]] std::optional<std::int64_t> integer(PickleValue value) const;
  [[nodiscard]] std::optional<double> real(PickleValue value) const;
  /// Returns the bytes of a text, bytes, bytearray or big_integer; otherwise null.
  [[nodiscard]] const PickleText* text(PickleValue value) const;
  /// Returns a str that is kept in memory; otherwise nullopt.
  [[nodiscard]] std::optional<std::string_view> short_text(PickleValue value) const;
  [[nodiscard]] const PickleNode* node(PickleValue value) const;
  /// Returns null unless the value is a node of this kind.
  [[nodiscard]] const PickleNode* node(PickleValue value, PickleNode::Kind kind) const;
  [[nodiscard]] const std::deque<PickleNode>& nodes() const { return nodes_; }
  /// Returns what else a node has besides its items; nullopt if it has nothing else.
  [[nodiscard]] std::optional<PickleValue> extra(PickleValue node) const;
  /// The functions below take a global, or a foreign one.
  [[nodiscard]] std::string_view global_module(const PickleNode& global) const;
  [[nodiscard]] std::string_view global_name(const PickleNode& global) const;
  /// Returns "torch._utils._rebuild_tensor_v2".
  [[nodiscard]] std::string full_name(const PickleNode& global) const;

  /// Describes a value for messages: "an int", "a list", "a call of torch.Size", "the global
  /// torch.float32".
  [[nodiscard]] std::string describe(PickleValue value) const;
  /// Returns the file offset where the pickle made the value; nullopt unless the value is a node.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(PickleValue value) const;
  [[noreturn]] void fail(ErrorCode code, const std::string& problem,
                         std::optional<std::uint64_t> offset = {}) const;

  [[nodiscard]] PickleValue add_integer(std::int64_t number);
  [[nodiscard]] PickleValue add_real(double number);
  [[nodiscard]] PickleValue add_text(PickleValue::Kind kind, const PickleText& text);
  /// Copies `text`.
  [[nodiscard]] PickleValue add_text(std::string_view text, std::uint64_t offset);
  [[nodiscard]] PickleValue add_node(PickleNode::Kind kind, std::uint64_t offset,
                                     std::span<const PickleValue> items = {});
  [[nodiscard]] PickleNode& change(PickleValue node) { return nodes_[node.payload]; }
  [[nodiscard]] std::deque<PickleNode>& change_nodes() { return nodes_; }
  void append(PickleNode& node, std::span<const PickleValue> items);
  void set_extra(PickleValue node, PickleValue extra);
  [[nodiscard]] io::MemoryBudget& budget() { return *budget_; }
  /// Keeps alive the bytes that strings point to.
  void keep(io::ByteView bytes) { bytes_ = std::move(bytes); }

 private:
  template <typename T>
  std::uint32_t add(std::deque<T>& table, const T& entry);

  std::string file_;
  io::MemoryBudget* budget_;
  io::ByteView bytes_;
  PickleArena arena_;
  std::deque<PickleNode> nodes_;
  std::deque<PickleText> texts_;
  std::deque<std::uint64_t> numbers_;            ///< bits of int64s and doubles
  std::map<std::uint32_t, PickleValue> extras_;  ///< by node
};

}  // namespace lancekeep::formats
