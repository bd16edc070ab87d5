// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/machine.h"

#include "formats/pickle/containers.h"
#include "formats/pickle/opcode.h"
#include "formats/pickle/pickle_reader.h"
#include "formats/pickle/stack.h"

#include <fmt/format.h>

#include <array>

namespace lancekeep::formats {
namespace {

using Values = PickleStack::Values;

constexpr std::size_t kLongestGlobal = 1024;

class Machine {
 public:
  Machine(PickleReader in, const KnowsGlobal& knows, io::MemoryBudget& budget)
      : place_{std::move(in)},
        knows_(knows),
        document_(in_.file(), budget),
        stack_(place_, budget),
        memo_(budget) {
    document_.keep(in_.in_memory());
  }

  PickleDocument run() {
    const std::uint64_t start = in_.position();
    for (;;) {
      place_.at = in_.position();
      place_.opcode = static_cast<Opcode>(in_.u8("the next opcode of a pickle without STOP"));
      if (place_.opcode == Opcode::stop) break;
      step();
    }
    document_.root = stack_.take(1).front();
    document_.length = in_.position() - start;
    drop_repeated_keys(document_);
    return std::move(document_);
  }

 private:
  // Each of the five *_step() functions handles the opcode and returns true, or returns false.
  void step() {
    if (const auto scalar = read_scalar(place_.opcode, in_, document_)) return push(*scalar);
    if (stack_step() || container_step() || memo_step() || object_step() || old_object_step()) {
      return;
    }
    fail(ErrorCode::unsupported, "is not an opcode that a checkpoint of data needs");
  }

  bool stack_step() {
    switch (place_.opcode) {
      case Opcode::proto:
        return protocol(), true;
      case Opcode::frame:
        return frame(), true;
      case Opcode::mark:
        return stack_.mark(), true;
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
        return make(NodeKind::tuple), true;
      case Opcode::tuple1:
        return make(NodeKind::tuple, stack_.take(1)), true;
      case Opcode::tuple2:
        return make(NodeKind::tuple, stack_.take(2)), true;
      case Opcode::tuple3:
        return make(NodeKind::tuple, stack_.take(3)), true;
      case Opcode::tuple:
        return make(NodeKind::tuple, stack_.take_to_mark()), true;
      case Opcode::empty_list:
        return make(NodeKind::list), true;
      case Opcode::empty_dict:
        return make(NodeKind::dict), true;
      case Opcode::empty_set:
        return make(NodeKind::set), true;
      case Opcode::frozenset:
        return make(NodeKind::frozenset, stack_.take_to_mark()), true;
      case Opcode::additems:
        return extend(stack_.take_to_mark()), true;
      case Opcode::append:
        return extend(stack_.take(1)), true;
      case Opcode::appends:
        return extend(stack_.take_to_mark()), true;
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
        return memo_.put_next(stack_.top()), true;
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
        return call(), true;
      case Opcode::newobj_ex:
        return call_with_keywords(), true;
      case Opcode::build:
        return build(), true;
      case Opcode::binpersid:
        return make(NodeKind::persistent_id, stack_.take(1)), true;
      default:
        return false;
    }
  }

  // Objects as protocols 0 and 1 wrote them, and types by number.
  bool old_object_step() {
    switch (place_.opcode) {
      case Opcode::inst:
        return instance(), true;
      case Opcode::obj:
        return object_of_stack(), true;
      case Opcode::ext1:
        return extension("EXT1", in_.u8("a type's number")), true;
      case Opcode::ext2:
        return extension("EXT2", in_.u16("a type's number")), true;
      case Opcode::ext4:
        return extension("EXT4", in_.u32("a type's number")), true;
      default:
        return false;
    }
  }

  void protocol() {
    const unsigned version = in_.u8("the protocol's number");
    if (version > 5) {
      fail(ErrorCode::unsupported,
           fmt::format("the pickle has protocol {}; supported are 2 to 5", version));
    }
  }

  // A frame only says how many bytes to fetch at once; opcodes can cross its end.
  void frame() {
    const std::uint64_t length = in_.u64("a frame's length");
    if (length > in_.remaining()) {
      fail(fmt::format("a frame of {} bytes, but {} remain", length, in_.remaining()));
    }
  }

  // Adds to a list, a deque or a set, or to the items of an object.
  void extend(Values values) {
    PickleNode* node = mutable_top("add items to");
    if (node->kind == NodeKind::object) {
      return document_.append(part_of_object(*node, kObjectItems, NodeKind::list), values);
    }
    const bool is_right = place_.opcode == Opcode::additems
                              ? node->kind == NodeKind::set
                              : node->kind == NodeKind::list || node->kind == NodeKind::deque;
    if (!is_right) fail("cannot add items to " + describe(stack_.top()));
    document_.append(*node, values);
  }

  void extend_dict(Values pairs) {
    PickleNode* dict = mutable_top("set items of");
    if (dict->kind == NodeKind::object) {
      dict = &part_of_object(*dict, kObjectEntries, NodeKind::dict);
    }
    if (!dict->is_dict()) fail("cannot set items of " + describe(stack_.top()));
    if (pairs.size() % 2 != 0) fail("a key without a value");
    document_.append(*dict, pairs);
  }

  // Returns this part of an object, and makes it if it is not there yet.
  PickleNode& part_of_object(PickleNode& object, ObjectPart part, NodeKind kind) {
    PickleValue& value = object.first[part];
    if (value.kind == PickleValue::Kind::absent) value = document_.add_node(kind, place_.at);
    return document_.change(value);
  }

  void memoize(std::uint64_t index) { memo_.put(index, stack_.top()); }

  void recall(std::uint64_t index) {
    const PickleValue found = memo_.get(index);
    if (found.kind == PickleValue::Kind::absent) {
      fail(fmt::format("there is no value in the memo at {}", index));
    }
    push(found);
  }

  void global_of_lines() {
    const std::string module(in_.line(kLongestGlobal, "a global's name"));
    const std::string name(in_.line(kLongestGlobal, "a global's name"));
    global(module, name);
  }

  void stack_global() {
    const Values names = stack_.take(2);
    const auto module = document_.short_text(names[0]);
    const auto name = document_.short_text(names[1]);
    if (!module || !name) {
      fail(fmt::format("the name of a global must be two short strings, not {} and {}",
                       describe(names[0]), describe(names[1])));
    }
    global(*module, *name);
  }

  void global(std::string_view module, std::string_view name) {
    const std::array names = {document_.add_text(module, place_.at),
                              document_.add_text(name, place_.at)};
    make(knows_(module, name) ? NodeKind::global : NodeKind::foreign, names);
  }

  // Handles REDUCE and NEWOBJ.
  void call() {
    const Values called = stack_.take(2);
    make_call(called[0], called[1]);
  }

  // Keyword arguments are not kept: only objects have them.
  void call_with_keywords() {
    const Values called = stack_.take(3);
    make_call(called[0], called[1]);
  }

  void make_call(PickleValue maker, PickleValue arguments) {
    const PickleNode* function = document_.node(maker);
    const bool is_callable =
        function &&
        (function->kind == NodeKind::global || function->kind == NodeKind::foreign ||
         function->kind == NodeKind::object ||
         function->kind == NodeKind::persistent_id);  // of a module's class, in old files
    const PickleNode* tuple = document_.node(arguments, NodeKind::tuple);
    if (!is_callable) fail("what is called must be a global, not " + describe(maker));
    if (!tuple) fail("the arguments of a call must be a tuple, not " + describe(arguments));
    if (function->kind != NodeKind::global) return make_object(maker, arguments);
    if (const auto made = make_container(place_, document_, *function, *tuple)) return push(*made);
    make(NodeKind::call, std::array{maker, arguments});
  }

  void make_object(PickleValue maker, PickleValue arguments) {
    const PickleValue none{PickleValue::Kind::absent};
    make(NodeKind::object, std::array{maker, arguments, none, none, none});
  }

  void instance() {
    global_of_lines();
    const PickleValue type = stack_.take(1).front();
    const PickleValue arguments =
        document_.add_node(NodeKind::tuple, place_.at, stack_.take_to_mark());
    make_call(type, arguments);
  }

  void object_of_stack() {
    const Values values = stack_.take_to_mark();
    if (values.empty()) fail("the type of an object is missing");
    const PickleValue type = values.front();
    make_call(type, document_.add_node(NodeKind::tuple, place_.at, values.subspan(1)));
  }

  // A type's number in the registry `copyreg` of the program that wrote the pickle.
  void extension(std::string_view opcode, std::uint32_t number) {
    const std::array names = {document_.add_text("copyreg", place_.at),
                              document_.add_text(fmt::format("{}({})", opcode, number), place_.at)};
    make(NodeKind::foreign, names);
  }

  // The state of a module's state dict has `_metadata`, the version numbers of its layers. The
  // state of a call, for example one that makes a NumPy array, is interpreted by the code that
  // knows the function.
  void build() {
    const PickleValue state = stack_.take(1).front();
    PickleNode* node = mutable_top("set the state of");
    if (node->kind == NodeKind::ordered_dict) return document_.set_extra(stack_.top(), state);
    if (node->kind == NodeKind::call && node->count == 2)
      return document_.append(*node, {&state, 1});
    if (node->kind == NodeKind::object) {
      node->first[kObjectState] = state;
      return;
    }
    if (node->kind == NodeKind::foreign) return;
    fail(ErrorCode::unsupported, "the pickle sets the state of " + describe(stack_.top()) +
                                     "; only an OrderedDict or an object has one");
  }

  void make(NodeKind kind, Values items = {}) { push(document_.add_node(kind, place_.at, items)); }

  void push(PickleValue value) { stack_.push(value); }

  PickleNode* mutable_top(std::string_view purpose) {
    const PickleValue top = stack_.top();
    if (top.kind != PickleValue::Kind::node) {
      fail(ErrorCode::corrupt, fmt::format("cannot {} {}", purpose, describe(top)));
    }
    return &document_.change(top);
  }

  [[nodiscard]] std::string describe(PickleValue value) const { return document_.describe(value); }

  [[noreturn]] void fail(const std::string& problem) { place_.fail(ErrorCode::corrupt, problem); }
  [[noreturn]] void fail(ErrorCode code, const std::string& problem) { place_.fail(code, problem); }

  PicklePlace place_;
  PickleReader& in_ = place_.in;
  const KnowsGlobal& knows_;
  PickleDocument document_;
  PickleStack stack_;
  PickleMemo memo_;
};

}  // namespace

PickleDocument load_pickle(PickleReader in, const KnowsGlobal& knows, io::MemoryBudget& budget) {
  return Machine(std::move(in), knows, budget).run();
}

}  // namespace lancekeep::formats
