// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/callable.h"

#include <algorithm>
#include <array>

namespace lancekeep::formats {
namespace {

struct Entry {
  std::string_view module;
  std::string_view name;
  Callable callable;
};

// Pickles of protocol 2 name Python 2's modules; NumPy renamed its own in 2.0.
constexpr auto kCallables = std::to_array<Entry>({
    {"collections", "OrderedDict", Callable::container},
    {"collections", "Counter", Callable::container},
    {"collections", "defaultdict", Callable::container},
    {"builtins", "set", Callable::container},
    {"__builtin__", "set", Callable::container},
    {"builtins", "dict", Callable::factory},
    {"__builtin__", "dict", Callable::factory},
    {"builtins", "float", Callable::factory},
    {"__builtin__", "float", Callable::factory},
    {"builtins", "int", Callable::factory},
    {"__builtin__", "int", Callable::factory},
    {"builtins", "list", Callable::factory},
    {"__builtin__", "list", Callable::factory},
    {"builtins", "bytes", Callable::bytes},
    {"__builtin__", "bytes", Callable::bytes},
    {"builtins", "bytearray", Callable::bytearray},
    {"__builtin__", "bytearray", Callable::bytearray},
    {"builtins", "complex", Callable::complex},
    {"__builtin__", "complex", Callable::complex},
    {"_codecs", "encode", Callable::encode},
    {"torch", "Size", Callable::size},
    {"torch", "device", Callable::device},
    {"torch.serialization", "_get_layout", Callable::layout},
    {"torch._utils", "_rebuild_tensor", Callable::tensor},
    {"torch._utils", "_rebuild_tensor_v2", Callable::tensor_v2},
    {"torch._utils", "_rebuild_tensor_v3", Callable::tensor_v3},
    {"torch._utils", "_rebuild_parameter", Callable::parameter},
    {"torch._utils", "_rebuild_parameter_with_state", Callable::parameter_with_state},
    {"torch._tensor", "_rebuild_from_type_v2", Callable::from_type},
    {"torch", "Tensor", Callable::tensor_type},
    {"torch.nn.parameter", "Parameter", Callable::tensor_type},
    {"numpy.core.multiarray", "scalar", Callable::numpy_scalar},
    {"numpy._core.multiarray", "scalar", Callable::numpy_scalar},
    {"numpy.core.multiarray", "_reconstruct", Callable::numpy_reconstruct},
    {"numpy._core.multiarray", "_reconstruct", Callable::numpy_reconstruct},
    {"numpy.core.numeric", "_frombuffer", Callable::numpy_frombuffer},
    {"numpy._core.numeric", "_frombuffer", Callable::numpy_frombuffer},
    {"numpy", "dtype", Callable::numpy_dtype},
    {"numpy", "ndarray", Callable::numpy_ndarray},
});

}  // namespace

std::optional<Callable> find_callable(std::string_view module, std::string_view name) {
  const auto* found = std::find_if(kCallables.begin(), kCallables.end(), [&](const Entry& entry) {
    return entry.name == name && entry.module == module;
  });
  if (found == kCallables.end()) return std::nullopt;
  return found->callable;
}

Call call_of(const PickleDocument& document, PickleValue value) {
  const PickleNode* call = document.node(value, PickleNode::Kind::call);
  if (!call) return {};
  const PickleNode& global = *document.node(call->items()[0]);
  Call found{find_callable(document.global_module(global), document.global_name(global)),
             document.node(call->items()[1])->items(), std::nullopt};
  if (call->count > 2) found.state = call->items()[2];
  return found;
}

bool is_global(const PickleDocument& document, PickleValue value, Callable callable) {
  const PickleNode* global = document.node(value, PickleNode::Kind::global);
  return global &&
         find_callable(document.global_module(*global), document.global_name(*global)) == callable;
}

}  // namespace lancekeep::formats
