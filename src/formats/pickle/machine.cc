// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/machine.h"

#include "formats/pickle/opcode.h"
#include "formats/pickle/scalar.h"
#include "formats/pickle/stack.h"
#include "io/printable.h"

#include <fmt/format.h>

#include <unordered_map>

namespace lancekeep::formats {
namespace {

using Kind = PickleNode::Kind;
using Values = PickleStack::Values;

constexpr std::size_t kLongestGlobal = 1024;

class Machine {
 public:
  Machine(const io::ByteView& bytes, const GlobalRule& rule, const PickleLimits& limits)
      : place_{io::ByteReader(bytes)}, rule_(rule), limits_(limits) {
    document_.bytes = bytes;
  }

  PickleDocument run() {
    for (;;) {
      place_.at = in_.position();
      place_.opcode = static_cast<Opcode>(in_.u8("the next opcode of a pickle without STOP"));
      if (place_.opcode == Opcode::stop) break;
      step();
    }
    document_.root = stack_.take(1).front();
    document_.length = in_.position();
    return std::move(document_);
  }

 private:
  // Each of the four does the opcode and says true, or leaves it alone and says false.
  void step() {
    if (const auto scalar = read_scalar(place_.opcode, in_)) return push(*scalar);
    if (stack_step() || container_step() || memo_step() || object_step()) return;
    refuse_opcode();
  }

  bool stack_step() {
    switch (place_.opcode) {
      case Opcode::proto:
        return protocol(), true;
      case Opcode::frame:
        return frame(), true;
      case Opcode::mark:
        return stack_.mark(), count(1), true;
      case Opcode::pop:
        return stack_.pop_value_or_mark(), true;
      case Opcode::pop_mark:
        return (void)stack_.take_to_mark(), true;
      case Opcode::dup:
        return push(stack_.top()), true;
      default:
        return false;
    }
  }

  bool container_step() {
    switch (place_.opcode) {
      case Opcode::empty_tuple:
        return make(Kind::tuple), true;
      case Opcode::tuple1:
        return make(Kind::tuple, stack_.take(1)), true;
      case Opcode::tuple2:
        return make(Kind::tuple, stack_.take(2)), true;
      case Opcode::tuple3:
        return make(Kind::tuple, stack_.take(3)), true;
      case Opcode::tuple:
        return make(Kind::tuple, stack_.take_to_mark()), true;
      case Opcode::empty_list:
        return make(Kind::list), true;
      case Opcode::empty_dict:
        return make(Kind::dict), true;
      case Opcode::append:
        return extend_list(stack_.take(1)), true;
      case Opcode::appends:
        return extend_list(stack_.take_to_mark()), true;
      case Opcode::setitem:
        return extend_dict(stack_.take(2)), true;
      case Opcode::setitems:
        return extend_dict(stack_.take_to_mark()), true;
      default:
        return false;
    }
  }

  bool memo_step() {
    switch (place_.opcode) {
      case Opcode::binput:
        return memoize(in_.u8("a memo index")), true;
      case Opcode::long_binput:
        return memoize(in_.u32("a memo index")), true;
      case Opcode::memoize:
        return memoize(memo_.size()), true;
      case Opcode::binget:
        return recall(in_.u8("a memo index")), true;
      case Opcode::long_binget:
        return recall(in_.u32("a memo index")), true;
      default:
        return false;
    }
  }

  bool object_step() {
    switch (place_.opcode) {
      case Opcode::global:
        return global_of_lines(), true;
      case Opcode::stack_global:
        return stack_global(), true;
      case Opcode::reduce:
        return call(), true;
      case Opcode::newobj:
        return new_object(), true;
      case Opcode::build:
        return build(), true;
      case Opcode::binpersid:
        return make(Kind::persistent_id, stack_.take(1)), true;
      default:
        return false;
    }
  }

  void protocol() {
    const unsigned version = in_.u8("the protocol's number");
    if (version > 5) {
      fail(ErrorCode::unsupported,
           fmt::format("the pickle is of protocol {}; 2 to 5 are read", version));
    }
  }

  // A frame only tells a reader how much to fetch at once; opcodes do not care where it ends.
  void frame() {
    const std::uint64_t length = in_.u64("a frame's length");
    if (length > in_.remaining()) {
      fail(fmt::format("a frame of {} bytes, but {} remain", length, in_.remaining()));
    }
  }

  void extend_list(Values values) {
    PickleNode* list = mutable_top("append to");
    if (list->kind != Kind::list) fail("cannot append to " + describe(stack_.top()));
    list->items.insert(list->items.end(), values.begin(), values.end());
  }

  void extend_dict(Values pairs) {
    PickleNode* dict = mutable_top("set items of");
    if (!dict->is_dict()) fail("cannot set items of " + describe(stack_.top()));
    if (pairs.size() % 2 != 0) fail("a key without a value");
    dict->items.insert(dict->items.end(), pairs.begin(), pairs.end());
  }

  void memoize(std::uint64_t index) {
    count(1);
    memo_.insert_or_assign(index, stack_.top());
  }

  void recall(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail(fmt::format("nothing was put into the memo at {}", index));
    push(found->second);
  }

  void global_of_lines() {
    const std::string_view module = line();
    const std::string_view name = line();
    global(module, name);
  }

  void stack_global() {
    const Values names = stack_.take(2);
    const auto* module = std::get_if<PickleText>(&names[0]);
    const auto* name = std::get_if<PickleText>(&names[1]);
    if (!module || !name) {
      fail(fmt::format("a global is named by two strings, not by {} and {}", describe(names[0]),
                       describe(names[1])));
    }
    global(module->text, name->text);
  }

  void global(std::string_view module, std::string_view name) {
    if (const auto refusal = rule_(module, name)) {
      fail(refusal->code, fmt::format("the pickle names the global `{}.{}`, {}",
                                      io::printable(module), io::printable(name), refusal->why));
    }
    PickleNode& node = make(Kind::global);
    node.module = module;
    node.name = name;
  }

  void call() {
    Values called = stack_.take(2);
    const PickleNode* function = node_of(called[0], Kind::global);
    const PickleNode* arguments = node_of(called[1], Kind::tuple);
    if (!function) fail("what is called must be a global, not " + describe(called[0]));
    if (!arguments) fail("the arguments of a call must be a tuple, not " + describe(called[1]));
    if (is_ordered_dict(*function)) return make_ordered_dict(*arguments);
    make(Kind::call, std::move(called));
  }

  void new_object() {
    const Values called = stack_.take(2);
    const PickleNode* type = node_of(called[0], Kind::global);
    const PickleNode* arguments = node_of(called[1], Kind::tuple);
    if (!type || !is_ordered_dict(*type) || !arguments) {
      fail(ErrorCode::unsupported,
           fmt::format("the pickle makes an object of {}; a state dict holds none",
                       describe(called[0])));
    }
    make_ordered_dict(*arguments);
  }

  static bool is_ordered_dict(const PickleNode& global) {
    return global.module == "collections" && global.name == "OrderedDict";
  }

  // OrderedDict() or, as Python 2 pickled it, OrderedDict([[key, value], ...]).
  void make_ordered_dict(const PickleNode& arguments) {
    Values items;
    if (!arguments.items.empty()) {
      const PickleNode* pairs = node_of(arguments.items[0]);
      if (arguments.items.size() > 1 || !pairs || pairs->kind != Kind::list) {
        fail("OrderedDict takes nothing or a list of pairs");
      }
      count(2 * pairs->items.size());
      for (const PickleValue& value : pairs->items) {
        const PickleNode* pair = node_of(value);
        if (!pair || (pair->kind != Kind::list && pair->kind != Kind::tuple) ||
            pair->items.size() != 2) {
          fail("OrderedDict takes a list of pairs, not of " + describe(value));
        }
        items.insert(items.end(), pair->items.begin(), pair->items.end());
      }
    }
    make(Kind::ordered_dict, std::move(items));
  }

  // What a module's state dict carries this way is its `_metadata`, version numbers of layers.
  void build() {
    (void)stack_.take(1);
    const PickleNode* node = node_of(stack_.top());
    if (!node || node->kind != Kind::ordered_dict) {
      fail(ErrorCode::unsupported, "the pickle sets the state of " + describe(stack_.top()) +
                                       "; only an OrderedDict's can be passed over");
    }
  }

  std::string_view line() {
    const std::string_view rest = in_.view().text().substr(in_.position(), kLongestGlobal);
    const std::size_t end = rest.find('\n');
    if (end == rest.npos) {
      fail(fmt::format("a global's name does not end within {} bytes", rest.size()));
    }
    in_.skip(end + 1, "a global's name");
    return rest.substr(0, end);
  }

  PickleNode& make(Kind kind, Values items = {}) {
    PickleNode& node = document_.nodes.emplace_back(
        PickleNode{kind, document_.bytes.base() + place_.at, std::move(items)});
    push(&node);
    return node;
  }

  void push(PickleValue value) {
    count(1);
    stack_.push(value);
  }

  PickleNode* mutable_top(std::string_view purpose) {
    auto* const* node = std::get_if<PickleNode*>(&stack_.top());
    if (!node) fail(fmt::format("cannot {} {}", purpose, describe(stack_.top())));
    return *node;
  }

  void count(std::uint64_t more) {
    if (more > limits_.values - values_) {
      fail(ErrorCode::unsupported,
           fmt::format("the pickle makes more than {} values; is it a state "
                       "dict of tensors?",
                       limits_.values));
    }
    values_ += more;
  }

  [[noreturn]] void refuse_opcode() {
    switch (place_.opcode) {
      case Opcode::ext1:
      case Opcode::ext2:
      case Opcode::ext4:
      case Opcode::inst:
      case Opcode::obj:
      case Opcode::newobj_ex:
        fail(ErrorCode::unsafe,
             "makes an object of a type that the pickle chooses; nothing was run");
      default:
        fail(ErrorCode::unsupported, "is not among the opcodes that a state dict needs");
    }
  }

  [[noreturn]] void fail(const std::string& problem) { place_.fail(ErrorCode::corrupt, problem); }
  [[noreturn]] void fail(ErrorCode code, const std::string& problem) { place_.fail(code, problem); }

  PicklePlace place_;
  io::ByteReader& in_ = place_.in;
  const GlobalRule& rule_;
  const PickleLimits limits_;
  PickleDocument document_;
  PickleStack stack_{place_};
  std::unordered_map<std::uint64_t, PickleValue> memo_;
  std::uint64_t values_ = 0;
};

}  // namespace

PickleDocument load_pickle(const io::ByteView& bytes, const GlobalRule& rule,
                           const PickleLimits& limits) {
  return Machine(bytes, rule, limits).run();
}

}  // namespace lancekeep::formats
