// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/tensor_call.h"

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "formats/torch/python_object.h"
#include "formats/torch/torch_file.h"
#include "formats/torch/torch_tensor.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::formats {

bool rebuilds_plainly(std::optional<Callable> function) {
  return function == Callable::tensor || function == Callable::tensor_v2 ||
         function == Callable::tensor_v3;
}

namespace {

// Follows the calls that wrap a tensor: a parameter, a subclass, a tensor inside another one.
class Unwrapping {
 public:
  Unwrapping(const PickleDocument& document, const std::string& name)
      : document_(document), name_(io::printable(name)) {}

  PlainTensorCall plain_call(PickleValue value) {
    Call call = call_of(document_, value);
    if (is_parameter(call.function)) {
      // _rebuild_parameter(tensor, requires_grad, hooks), and maybe a state: its attributes
      value = inner_of(value, call.arguments);
      call = call_of(document_, value);
    }
    const PickleNode* state = call.state ? document_.node(*call.state) : nullptr;
    if (call.state && (!state || !state->is_dict())) {
      fail(value, "has a state of its own; save it as a plain tensor");
    }
    if (is_typed(call.function)) return typed_call(value, call);
    return {document_.node(value), call.function.value(), call.arguments, {}};
  }

 private:
  static bool is_parameter(std::optional<Callable> function) {
    return function == Callable::parameter || function == Callable::parameter_with_state;
  }
  static bool is_typed(std::optional<Callable> function) {
    return function == Callable::from_type || function == Callable::from_type_v2;
  }

  PickleValue inner_of(PickleValue parameter, std::span<const PickleValue> arguments) const {
    const auto inner = arguments.empty() ? std::nullopt : call_of(document_, arguments[0]).function;
    if (rebuilds_plainly(inner) || is_typed(inner)) return arguments[0];
    fail_at(document_, parameter, ErrorCode::corrupt,
            fmt::format("parameter `{}` wraps {}", name_,
                        arguments.empty() ? "nothing" : document_.describe(arguments[0])));
  }

  // _rebuild_from_type_v2(function, type, arguments, state) makes a tensor of a subclass, or one
  // with attributes.
  PlainTensorCall typed_call(PickleValue value, const Call& call) {
    const bool whole = call.arguments.size() == 4;
    const PickleNode* function =
        whole ? document_.node(call.arguments[0], NodeKind::global) : nullptr;
    const PickleNode* arguments =
        whole ? document_.node(call.arguments[2], NodeKind::tuple) : nullptr;
    const PickleNode* type = whole ? document_.node(call.arguments[1]) : nullptr;
    const bool has_type =
        type && (type->kind == NodeKind::global || type->kind == NodeKind::foreign);
    const auto callable = function ? find_callable(document_.global_module(*function),
                                                   document_.global_name(*function))
                                   : std::nullopt;
    if (!arguments || !has_type) fail(value, "has its own class; save it as a plain tensor");
    std::string own_class;
    if (!is_global(document_, call.arguments[1], Callable::tensor_type)) {
      own_class = document_.full_name(*type);
    }
    if (rebuilds_plainly(callable)) {
      return {document_.node(value), *callable, arguments->items(), std::move(own_class)};
    }
    if (callable == Callable::wrapper) {
      return wrapped_call(value, arguments->items(), call.arguments[3], own_class);
    }
    if (!is_parameter(callable)) {
      fail(value, fmt::format("has its own class, {}; save it as a plain tensor", own_class));
    }
    const PickleValue inner = inner_of(value, arguments->items());
    const Call inner_call = call_of(document_, inner);
    if (is_typed(inner_call.function)) {
      fail(value, "is a parameter in several classes; save it as a plain tensor");
    }
    return {document_.node(inner), inner_call.function.value(), inner_call.arguments,
            std::move(own_class)};
  }

  // _rebuild_wrapper_subclass(type, dtype, size, ...) makes a tensor without bytes, whose attributes
  // have the tensors with the bytes. If there is one, and it has the same dtype and shape, its bytes
  // are those of the whole.
  PlainTensorCall wrapped_call(PickleValue value, std::span<const PickleValue> arguments,
                               PickleValue state, const std::string& own_class) {
    const std::vector<std::pair<std::string_view, PickleValue>> inner = tensors_in(state);
    if (inner.size() == 1 && arguments.size() > 2 && !is_unwrapped_) {
      is_unwrapped_ = true;  // once, so that hostile nesting ends
      PlainTensorCall plain = plain_call(inner.front().second);
      if (shape_of(plain) && shape_of(plain) == numbers_of(arguments[2]) &&
          has_dtype(plain, arguments[1])) {
        plain.own_class = own_class;
        return plain;
      }
    }
    if (own_class.starts_with("torch.distributed.")) {
      fail(value, fmt::format("is a {}, and the file has only a part of it; save "
                              "tensor.full_tensor()",
                              own_class));
    }
    std::string names;
    for (const auto& [name, tensor] : inner) {
      names += (names.empty() ? "`" : ", `") + io::printable(name) + "`";
    }
    fail(value, fmt::format("is a {}, which consists of {}; save these as plain tensors, or "
                            "tensor.dequantize()",
                            own_class, names.empty() ? "something other than tensors" : names));
  }

  // Returns the tensors among the first attributes, with their names.
  [[nodiscard]] std::vector<std::pair<std::string_view, PickleValue>> tensors_in(
      PickleValue state) const {
    constexpr std::uint32_t kMostAttributes = 2 * 64;
    std::vector<std::pair<std::string_view, PickleValue>> found;
    const PickleNode* both = document_.node(state, NodeKind::tuple);
    if (both && both->count == 2) {  // the second is for those in __slots__
      const bool has_first = both->items()[0] != PickleValue{};
      state = both->items()[has_first ? 0 : 1];
    }
    const PickleNode* dict = document_.node(state);
    if (!dict || !dict->is_dict()) return found;
    for (std::uint32_t i = 0; i + 1 < std::min(dict->count, kMostAttributes); i += 2) {
      const PickleValue value = dict->items()[i + 1];
      if (object_kind(document_, value) != ObjectKind::tensor) continue;
      found.emplace_back(document_.short_text(dict->items()[i]).value_or("an attribute"), value);
    }
    return found;
  }

  // Returns the numbers of a tuple or a torch.Size; empty if it is something else.
  [[nodiscard]] std::optional<Shape> numbers_of(PickleValue value) const {
    const Call call = call_of(document_, value);
    if (call.function == Callable::size && call.arguments.size() == 1) value = call.arguments[0];
    const PickleNode* tuple = document_.node(value, NodeKind::tuple);
    if (!tuple || tuple->count > kMostDimensions) return std::nullopt;
    Shape numbers;
    for (const PickleValue item : tuple->items()) {
      const auto number = document_.integer(item);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
    }
    return numbers;
  }
  [[nodiscard]] std::optional<Shape> shape_of(const PlainTensorCall& call) const {
    return call.arguments.size() > 2 ? numbers_of(call.arguments[2]) : std::nullopt;
  }
  // Whether `dtype` is the dtype of the tensor that the call makes.
  [[nodiscard]] bool has_dtype(const PlainTensorCall& call, PickleValue dtype) const {
    if (object_kind(document_, dtype) != ObjectKind::dtype) return false;
    if (call.function == Callable::tensor_v3) {
      const bool given = call.arguments.size() > 6 &&
                         object_kind(document_, call.arguments[6]) == ObjectKind::dtype;
      return given && dtype_name(document_, call.arguments[6]) == dtype_name(document_, dtype);
    }
    const PickleNode* id = call.arguments.empty()
                               ? nullptr
                               : document_.node(call.arguments[0], NodeKind::persistent_id);
    return id && read_storage_id(document_, *id).dtype == dtype_name(document_, dtype);
  }

  [[noreturn]] void fail(PickleValue value, const std::string& problem) const {
    fail_at(document_, value, ErrorCode::unsupported,
            fmt::format("tensor `{}` {}", name_, problem));
  }

  const PickleDocument& document_;
  const std::string name_;
  bool is_unwrapped_ = false;
};

}  // namespace

PlainTensorCall unwrap_tensor(const PickleDocument& document, PickleValue value,
                              const std::string& name) {
  return Unwrapping(document, name).plain_call(value);
}

}  // namespace lancekeep::formats
