// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/globals.h"

#include <lancekeep/tensor.h>

#include "formats/torch/callable.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace lancekeep::formats {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr auto kStorageTypes = std::to_array<Pair>({
    {"BFloat16Storage", "bfloat16"},
    {"BoolStorage", "bool"},
    {"ByteStorage", "uint8"},
    {"CharStorage", "int8"},
    {"ComplexDoubleStorage", "complex128"},
    {"ComplexFloatStorage", "complex64"},
    {"DoubleStorage", "float64"},
    {"FloatStorage", "float32"},
    {"HalfStorage", "float16"},
    {"IntStorage", "int32"},
    {"LongStorage", "int64"},
    {"QInt32Storage", "qint32"},
    {"QInt8Storage", "qint8"},
    {"QUInt2x4Storage", "quint2x4"},
    {"QUInt4x2Storage", "quint4x2"},
    {"QUInt8Storage", "quint8"},
    {"ShortStorage", "int16"},
});

constexpr std::string_view kNothingWasRun =
    "which is not on the list of what a checkpoint of data needs; nothing was run. ";

std::string advice_for_tensor_kind(std::string_view name) {
  if (name == "_rebuild_qtensor") {
    return "Quantized tensors are not read: save tensor.dequantize(), or its int_repr(), scales "
           "and "
           "zero points as tensors of their own";
  }
  if (name == "_rebuild_sparse_tensor") {
    return "Sparse tensors are not read: save tensor.to_dense(), or its indices and values as "
           "tensors "
           "of their own";
  }
  return "A tensor of this kind is not read: save it as a plain, dense tensor";
}

}  // namespace

std::optional<std::string_view> storage_type_dtype(std::string_view module, std::string_view name) {
  if (name == "UntypedStorage" && (module == "torch.storage" || module == "torch")) return "uint8";
  if (module != "torch" && module != "torch.cuda") return std::nullopt;
  const auto* found = std::find_if(kStorageTypes.begin(), kStorageTypes.end(),
                                   [&](const Pair& entry) { return entry.first == name; });
  if (found == kStorageTypes.end()) return std::nullopt;
  return found->second;
}

std::optional<GlobalRefusal> refuse_torch_global(std::string_view module, std::string_view name) {
  if (find_callable(module, name)) return std::nullopt;
  if (storage_type_dtype(module, name)) return std::nullopt;
  if (module == "torch" && dtype_itemsize(name)) return std::nullopt;
  const std::string start(kNothingWasRun);
  if (module == "torch._utils" && name.starts_with("_rebuild_")) {
    return GlobalRefusal{ErrorCode::unsupported, start + advice_for_tensor_kind(name)};
  }
  if (module.starts_with("torch.nn.") || module.starts_with("__torch__")) {
    return GlobalRefusal{ErrorCode::unsafe,
                         start + "The file holds a whole module: save model.state_dict() instead"};
  }
  if (module == "argparse" && name == "Namespace") {
    return GlobalRefusal{ErrorCode::unsafe, start + "Save vars(args), a dict, in its place"};
  }
  if (module.starts_with("numpy")) {
    return GlobalRefusal{ErrorCode::unsafe,
                         start + "Of NumPy, arrays and scalars of numbers are read"};
  }
  if (module.starts_with("torch.nested") || module.starts_with("torch.distributed") ||
      module.starts_with("torch.sparse")) {
    return GlobalRefusal{ErrorCode::unsupported, start + advice_for_tensor_kind(name)};
  }
  if (module == "torch") {
    return GlobalRefusal{ErrorCode::unsafe, start +
                                                "Of torch, tensors, torch.Size, dtypes, "
                                                "devices and layouts are read"};
  }
  return GlobalRefusal{ErrorCode::unsafe,
                       start +
                           "Save dicts, lists, numbers, text and tensors; or, if you trust "
                           "the file, load it in Python and save its tensors as safetensors"};
}

}  // namespace lancekeep::formats
