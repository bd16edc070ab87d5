// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/object.h"

#include <lancekeep/tensor.h>

#include "formats/torch/callable.h"

namespace lancekeep::formats {
namespace {

ObjectKind kind_of_call(const Call& call) {
  if (!call.function) return ObjectKind::other;
  switch (*call.function) {
    case Callable::bytes:
    case Callable::encode:
      return ObjectKind::bytes;
    case Callable::bytearray:
      return ObjectKind::bytearray;
    case Callable::complex:
      return ObjectKind::complex;
    case Callable::size:
      return ObjectKind::size;
    case Callable::device:
      return ObjectKind::device;
    case Callable::layout:
      return ObjectKind::layout;
    case Callable::numpy_scalar:
      return ObjectKind::numpy_scalar;
    case Callable::numpy_reconstruct:
    case Callable::numpy_frombuffer:
      return ObjectKind::numpy_array;
    case Callable::tensor:
    case Callable::tensor_v2:
    case Callable::tensor_v3:
    case Callable::parameter:
    case Callable::parameter_with_state:
    case Callable::from_type:
      return ObjectKind::tensor;
    default:
      return ObjectKind::other;
  }
}

ObjectKind kind_of_node(const PickleDocument& document, PickleValue value, const PickleNode& node) {
  switch (node.kind) {
    case PickleNode::Kind::tuple:
      return ObjectKind::tuple;
    case PickleNode::Kind::list:
      return ObjectKind::list;
    case PickleNode::Kind::set:
      return ObjectKind::set;
    case PickleNode::Kind::dict:
    case PickleNode::Kind::ordered_dict:
    case PickleNode::Kind::counter:
      return ObjectKind::dict;
    case PickleNode::Kind::global:
      return document.global_module(node) == "torch" && dtype_itemsize(document.global_name(node))
                 ? ObjectKind::dtype
                 : ObjectKind::other;
    case PickleNode::Kind::call:
      return kind_of_call(call_of(document, value));
    case PickleNode::Kind::persistent_id:
      return ObjectKind::other;
  }
  return ObjectKind::other;
}

}  // namespace

ObjectKind object_kind(const PickleDocument& document, PickleValue value) {
  switch (value.kind) {
    case ValueKind::absent:
      return ObjectKind::other;
    case ValueKind::none:
      return ObjectKind::none;
    case ValueKind::boolean:
      return ObjectKind::boolean;
    case ValueKind::small_integer:
    case ValueKind::integer:
    case ValueKind::big_integer:
      return ObjectKind::integer;
    case ValueKind::real:
      return ObjectKind::real;
    case ValueKind::text:
      return ObjectKind::text;
    case ValueKind::bytes:
      return ObjectKind::bytes;
    case ValueKind::bytearray:
      return ObjectKind::bytearray;
    case ValueKind::node:
      return kind_of_node(document, value, *document.node(value));
  }
  return ObjectKind::other;
}

std::string_view dtype_name(const PickleDocument& document, PickleValue dtype) {
  return document.global_name(*document.node(dtype, PickleNode::Kind::global));
}

void fail_at(const PickleDocument& document, const PickleNode& node, ErrorCode code,
             const std::string& problem) {
  document.fail(code, problem, node.offset);
}

void fail_at(const PickleDocument& document, PickleValue value, ErrorCode code,
             const std::string& problem) {
  document.fail(code, problem, document.offset_of(value));
}

}  // namespace lancekeep::formats
