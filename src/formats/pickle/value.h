// SPDX-License-Identifier: Apache-2.0
// What a pickle says, as data. A value is eight bytes: its kind, and a small number or its place in
// the document's table for that kind, so that a value means something together with its document
// only. Containers, globals, calls and persistent ids are nodes. Values may refer to each other in
// any way, cycles included, and are freed without recursion; all their memory comes from the file's
// budget. After load_pickle() returned a document, any thread may read it.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/arena.h"
#include "io/byte_view.h"
#include "io/input_file.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lancekeep::formats {

struct PickleValue {
  enum class Kind : std::uint8_t {
    absent,  ///< a memo slot that nothing was put into
    none,
    boolean,        ///< payload: 0 or 1
    small_integer,  ///< payload: an int32
    integer,        ///< place of an int64
    big_integer,    ///< place of its bytes: two's complement, little-endian, more than eight
    real,           ///< place of a double
    text,           ///< place of a str's bytes, not yet known to be UTF-8
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
  const char* kept = nullptr;  ///< in memory; null where they are left in the file, being long
  std::uint64_t offset = 0;    ///< in the file
  std::uint64_t length = 0;
};

struct PickleNode {
  enum class Kind : std::uint8_t {
    tuple,
    list,
    set,
    dict,           ///< items: key, value, key, value, ...; no key twice
    ordered_dict,   ///< as dict; of collections.OrderedDict
    counter,        ///< as dict; of collections.Counter
    global,         ///< items: its module and its name, two short texts
    call,           ///< items: a global, a tuple of arguments, maybe a state. Nobody calls it
    persistent_id,  ///< items: the id
  };
  PickleValue* first = nullptr;
  std::uint32_t count = 0;
  std::uint32_t capacity = 0;
  std::uint64_t offset : 56;  ///< of the opcode that made it, in the file
  Kind kind : 8;

  [[nodiscard]] std::span<const PickleValue> items() const { return {first, count}; }
  [[nodiscard]] bool is_dict() const {
    return kind == Kind::dict || kind == Kind::ordered_dict || kind == Kind::counter;
  }
};

using ValueKind = PickleValue::Kind;
using NodeKind = PickleNode::Kind;
static_assert(sizeof(PickleValue) == 8 && sizeof(PickleNode) == 24, "a model has millions of them");

/// Texts up to here are kept in memory.
inline constexpr std::uint64_t kLongestKeptText = 64 << 10;

class PickleDocument {
 public:
  /// `file` is for messages; `budget` must live until the last value was made.
  PickleDocument(std::string file, io::MemoryBudget& budget)
      : file_(std::move(file)), budget_(&budget), arena_(budget) {}

  PickleValue root;
  std::uint64_t length = 0;  ///< bytes of the pickle, up to and with STOP

  [[nodiscard]] std::optional<bool> boolean(PickleValue value) const;
  [[nodiscard]] std::optional<std::int64_t> integer(PickleValue value) const;
  [[nodiscard]] std::optional<double> real(PickleValue value) const;
  /// Of text, bytes, bytearray, big_integer; else null.
  [[nodiscard]] const PickleText* text(PickleValue value) const;
  /// A str that is kept, or nothing.
  [[nodiscard]] std::optional<std::string_view> short_text(PickleValue value) const;
  [[nodiscard]] const PickleNode* node(PickleValue value) const;
  /// The node, if it is one of this kind.
  [[nodiscard]] const PickleNode* node(PickleValue value, PickleNode::Kind kind) const;
  [[nodiscard]] const std::deque<PickleNode>& nodes() const { return nodes_; }
  [[nodiscard]] std::string_view global_module(const PickleNode& global) const;
  [[nodiscard]] std::string_view global_name(const PickleNode& global) const;
  /// "torch._utils._rebuild_tensor_v2".
  [[nodiscard]] std::string full_name(const PickleNode& global) const;

  /// For messages: "an int", "a list", "a call of torch.Size", "the global torch.float32".
  [[nodiscard]] std::string describe(PickleValue value) const;
  /// Where in the file the pickle made the value, if it is a node.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(PickleValue value) const;
  [[noreturn]] void fail(ErrorCode code, const std::string& problem,
                         std::optional<std::uint64_t> offset = {}) const;

  [[nodiscard]] PickleValue add_integer(std::int64_t number);
  [[nodiscard]] PickleValue add_real(double number);
  [[nodiscard]] PickleValue add_text(PickleValue::Kind kind, const PickleText& text);
  /// With `text` copied.
  [[nodiscard]] PickleValue add_text(std::string_view text, std::uint64_t offset);
  [[nodiscard]] PickleValue add_node(PickleNode::Kind kind, std::uint64_t offset,
                                     std::span<const PickleValue> items = {});
  [[nodiscard]] PickleNode& change(PickleValue node) { return nodes_[node.payload]; }
  [[nodiscard]] std::deque<PickleNode>& change_nodes() { return nodes_; }
  void append(PickleNode& node, std::span<const PickleValue> items);
  [[nodiscard]] io::MemoryBudget& budget() { return *budget_; }
  /// Keeps the bytes alive that texts point to.
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
  std::deque<std::uint64_t> numbers_;  ///< int64s and doubles, by their bits
};

}  // namespace lancekeep::formats
