// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/globals.h"

#include <lancekeep/tensor.h>

#include "tensor/dtype_names.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace lancekeep::formats {
namespace {

struct Entry {
  std::string_view module;
  std::string_view name;
  Callable callable;
};

// Pickles of protocol 2 use Python 2's module names; NumPy 2.0 renamed some of its modules.
constexpr auto kCallables = std::to_array<Entry>({
    {"collections", "OrderedDict", Callable::container},
    {"collections", "Counter", Callable::container},
    {"collections", "defaultdict", Callable::container},
    {"collections", "deque", Callable::container},
    {"builtins", "set", Callable::container},
    {"__builtin__", "set", Callable::container},
    {"builtins", "frozenset", Callable::container},
    {"__builtin__", "frozenset", Callable::container},
    {"builtins", "range", Callable::range},
    {"__builtin__", "xrange", Callable::range},
    {"builtins", "slice", Callable::slice},
    {"__builtin__", "slice", Callable::slice},
    {"pathlib", "PosixPath", Callable::path},
    {"pathlib", "PurePosixPath", Callable::path},
    {"pathlib", "WindowsPath", Callable::path},
    {"pathlib", "PureWindowsPath", Callable::path},
    {"pathlib._local", "PosixPath", Callable::path},
    {"pathlib._local", "PurePosixPath", Callable::path},
    {"pathlib._local", "WindowsPath", Callable::path},
    {"pathlib._local", "PureWindowsPath", Callable::path},
    {"datetime", "date", Callable::date},
    {"datetime", "time", Callable::time},
    {"datetime", "datetime", Callable::datetime},
    {"datetime", "timedelta", Callable::timedelta},
    {"datetime", "timezone", Callable::timezone},
    {"decimal", "Decimal", Callable::decimal},
    {"fractions", "Fraction", Callable::fraction},
    {"uuid", "UUID", Callable::uuid},
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
    {"torch._utils", "_rebuild_wrapper_subclass", Callable::wrapper},
    {"torch._tensor", "_rebuild_from_type", Callable::from_type},
    {"torch._tensor", "_rebuild_from_type_v2", Callable::from_type_v2},
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

// Python's types that can be values by themselves. Python 2 called two of them otherwise.
constexpr auto kTypes =
    std::to_array<std::string_view>({"dict", "list", "set", "tuple", "int", "float", "str", "bool",
                                     "bytes", "complex", "frozenset"});
constexpr auto kMemoryFormats = std::to_array<std::string_view>(
    {"contiguous_format", "channels_last", "channels_last_3d", "preserve_format"});
constexpr auto kQuantizationSchemes = std::to_array<std::string_view>(
    {"per_tensor_affine", "per_channel_affine", "per_tensor_symmetric", "per_channel_symmetric",
     "per_channel_affine_float_qparams"});
constexpr auto kNumpyTypes = std::to_array<std::string_view>(
    {"bool", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
     "float16", "float32", "float64", "complex64", "complex128"});

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_builtin(std::string_view module) { return module == "builtins" || module == "__builtin__"; }

// Returns the name of one of Python's types; empty for anything else.
std::string_view type_name(std::string_view module, std::string_view name) {
  if (module == "__builtin__" && name == "long") return "int";
  if (module == "__builtin__" && name == "unicode") return "str";
  return is_builtin(module) && is_among(kTypes, name) ? name : std::string_view();
}

}  // namespace

std::optional<Callable> find_callable(std::string_view module, std::string_view name) {
  const auto* found = std::find_if(kCallables.begin(), kCallables.end(), [&](const Entry& entry) {
    return entry.name == name && entry.module == module;
  });
  if (found != kCallables.end()) return found->callable;
  if (!type_name(module, name).empty()) return Callable::type;
  return std::nullopt;
}

std::optional<ConstantJson> constant_json(std::string_view module, std::string_view name) {
  if (is_builtin(module) && name == "Ellipsis") return ConstantJson{"$constant", "Ellipsis"};
  if (module == "torch" && is_among(kMemoryFormats, name)) {
    return ConstantJson{"$memory_format", std::string(name)};
  }
  if (module == "torch" && is_among(kQuantizationSchemes, name)) {
    return ConstantJson{"$qscheme", std::string(name)};
  }
  if (module == "numpy" && is_among(kNumpyTypes, name)) {
    return ConstantJson{"$type", "numpy." + std::string(name)};
  }
  const std::string_view type = type_name(module, name);
  if (type.empty()) return std::nullopt;
  return ConstantJson{"$type", std::string(type)};
}

std::optional<std::string> factory_name(const PickleDocument& document, PickleValue factory) {
  const PickleNode* global = document.node(factory, NodeKind::global);
  if (!global) return std::nullopt;
  const std::string_view module = document.global_module(*global);
  const std::string_view name = document.global_name(*global);
  const std::string_view type = type_name(module, name);
  if (!type.empty()) return std::string(type);
  constexpr auto kCollections =
      std::to_array<std::string_view>({"OrderedDict", "Counter", "deque"});
  if (module != "collections" || !is_among(kCollections, name)) return std::nullopt;
  return document.full_name(*global);
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

std::optional<std::string_view> storage_type_dtype(std::string_view module, std::string_view name) {
  if (name == "UntypedStorage" && (module == "torch.storage" || module == "torch")) return "uint8";
  if (module != "torch" && module != "torch.cuda") return std::nullopt;
  const DtypeNames* found = find_dtype(&DtypeNames::torch_storage, name);
  if (!found) return std::nullopt;
  return found->dtype;
}

bool knows_torch_global(std::string_view module, std::string_view name) {
  return find_callable(module, name) || storage_type_dtype(module, name) ||
         (module == "torch" && dtype_itemsize(name)) || constant_json(module, name);
}

}  // namespace lancekeep::formats
