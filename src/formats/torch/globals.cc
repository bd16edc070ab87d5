// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/globals.h"

#include <lancekeep/tensor.h>

#include "tensor/dtype_names.h"

#include <algorithm>
#include <array>
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

namespace {

constexpr std::string_view kNothingWasRun =
    "which is not on the list of what a checkpoint of data needs; nothing was run. ";

std::string advice_for_tensor_kind(std::string_view name) {
  if (name == "_rebuild_qtensor") {
    return "Quantized tensors are not supported: save tensor.dequantize(), or its int_repr(), "
           "scales and zero points as separate tensors";
  }
  if (name == "_rebuild_sparse_tensor") {
    return "Sparse tensors are not supported: save tensor.to_dense(), or its indices and values as "
           "separate tensors";
  }
  return "Tensors of this kind are not supported: save it as a plain, dense tensor";
}

}  // namespace

std::optional<std::string_view> storage_type_dtype(std::string_view module, std::string_view name) {
  if (name == "UntypedStorage" && (module == "torch.storage" || module == "torch")) return "uint8";
  if (module != "torch" && module != "torch.cuda") return std::nullopt;
  const DtypeNames* found = find_dtype(&DtypeNames::torch_storage, name);
  if (!found) return std::nullopt;
  return found->dtype;
}

std::optional<GlobalRejection> reject_torch_global(std::string_view module, std::string_view name) {
  if (find_callable(module, name)) return std::nullopt;
  if (storage_type_dtype(module, name)) return std::nullopt;
  if (module == "torch" && dtype_itemsize(name)) return std::nullopt;
  const std::string start(kNothingWasRun);
  if (module == "torch._utils" && name.starts_with("_rebuild_")) {
    return GlobalRejection{ErrorCode::unsupported, start + advice_for_tensor_kind(name)};
  }
  if (module.starts_with("torch.nn.") || module.starts_with("__torch__")) {
    return GlobalRejection{
        ErrorCode::unsafe,
        start + "The file holds a whole module: save model.state_dict() instead"};
  }
  if (module == "argparse" && name == "Namespace") {
    return GlobalRejection{ErrorCode::unsafe, start + "Save vars(args), a dict, instead"};
  }
  if (module.starts_with("numpy")) {
    return GlobalRejection{ErrorCode::unsafe,
                           start + "From NumPy, arrays and scalars of numbers are supported"};
  }
  if (module.starts_with("torch.nested") || module.starts_with("torch.distributed") ||
      module.starts_with("torch.sparse")) {
    return GlobalRejection{ErrorCode::unsupported, start + advice_for_tensor_kind(name)};
  }
  if (module == "torch") {
    return GlobalRejection{ErrorCode::unsafe,
                           start +
                               "From torch, tensors, torch.Size, dtypes, devices and layouts are "
                               "supported"};
  }
  return GlobalRejection{ErrorCode::unsafe,
                         start +
                             "Save dicts, lists, numbers, strings and tensors; or, if you trust "
                             "the file, load it in Python and save its tensors as safetensors"};
}

}  // namespace lancekeep::formats
