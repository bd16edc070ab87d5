// SPDX-License-Identifier: Apache-2.0
// What a pickle says, as data. Numbers and text are values; containers, globals, calls and
// persistent ids are nodes. A PickleDocument owns all its nodes in one arena and keeps the pickle's
// bytes alive, into which every text points: values may refer to each other in any way, cycles
// included, and are freed without recursion. A document is not changed after load_pickle() returned
// it; any thread may read it.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lancekeep::formats {

struct PickleNode;

/// A str. Not yet known to be UTF-8.
struct PickleText {
  std::string_view text;
};
struct PickleBytes {
  std::string_view bytes;
};
/// An int that does not fit 64 bits: two's complement, little-endian, more than eight bytes.
struct PickleBigInt {
  std::string_view digits;
};
struct PickleNone {};

using PickleValue = std::variant<PickleNone, bool, std::int64_t, double, PickleBigInt, PickleText,
                                 PickleBytes, PickleNode*>;

struct PickleNode {
  enum class Kind {
    tuple,
    list,
    dict,           ///< items: key, value, key, value, ...; a key may come twice
    ordered_dict,   ///< as dict; was made by calling collections.OrderedDict
    global,         ///< module and name
    call,           ///< items: what is called (a global), then the arguments. Nobody calls it
    persistent_id,  ///< items: the id
  };
  Kind kind;
  std::uint64_t offset = 0;  ///< of the opcode that made it, in the file
  std::vector<PickleValue> items = {};
  std::string_view module = {};
  std::string_view name = {};

  [[nodiscard]] bool is_dict() const { return kind == Kind::dict || kind == Kind::ordered_dict; }
  /// "torch._utils._rebuild_tensor_v2"; of a global only.
  [[nodiscard]] std::string full_name() const;
};

struct PickleDocument {
  io::ByteView bytes;
  std::deque<PickleNode> nodes;
  PickleValue root;
  std::uint64_t length = 0;  ///< bytes up to and with STOP
};

[[nodiscard]] const PickleNode* node_of(const PickleValue& value) noexcept;
/// The node, if it is one of this kind.
[[nodiscard]] const PickleNode* node_of(const PickleValue& value, PickleNode::Kind kind) noexcept;
/// The name of what is called, if the value is a call; else empty.
[[nodiscard]] std::string called_name(const PickleValue& value);
/// For messages: "an int", "a list", "a call of torch.Size", "the global torch.float32".
[[nodiscard]] std::string describe(const PickleValue& value);

}  // namespace lancekeep::formats
