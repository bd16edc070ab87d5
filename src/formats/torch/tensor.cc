// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/tensor.h"

#include "formats/torch/storage_id.h"
#include "io/checked_math.h"
#include "io/printable.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <optional>
#include <span>

namespace lancekeep::formats {
namespace {

using Kind = PickleNode::Kind;

constexpr std::string_view kParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kTensor = "torch._utils._rebuild_tensor";
constexpr std::string_view kTensor2 = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kTensor3 = "torch._utils._rebuild_tensor_v3";
constexpr std::size_t kMostDimensions = 64;

// Reads the arguments of one call that rebuilds a tensor.
class Rebuild {
 public:
  Rebuild(const TorchFile& torch, const PickleNode& call, const std::string& name)
      : torch_(torch),
        call_(call),
        name_(io::printable(name)),
        function_(call_name()),
        arguments_(node_of(call.items[1])->items) {}

  TorchTensor read() {
    const bool third = function_ == kTensor3;
    const std::size_t fewest = function_ == kTensor ? 4 : third ? 7 : 6;
    const std::size_t most = function_ == kTensor ? 4 : fewest + 1;
    if (arguments_.size() < fewest || arguments_.size() > most) {
      fail(ErrorCode::corrupt,
           fmt::format("{} is called with {} arguments", function_, arguments_.size()));
    }
    const PickleNode* id = node_of(arguments_[0], Kind::persistent_id);
    if (!id) fail(ErrorCode::corrupt, "its storage is " + describe(arguments_[0]));
    const StorageId storage = read_storage_id(torch_.object, *id);

    TorchTensor tensor;
    tensor.dtype = third ? dtype(arguments_[6]) : std::string(storage.dtype);
    tensor.layout.shape = numbers(arguments_[2], "shape");
    tensor.layout.strides = numbers(arguments_[3], "strides");
    tensor.layout.itemsize = dtype_itemsize(tensor.dtype).value();
    if (arguments_.size() == most && most > 4) read_flags(arguments_[most - 1], tensor);
    place(tensor, storage);
    return tensor;
  }

 private:
  std::string call_name() const { return node_of(call_.items[0])->full_name(); }

  std::string dtype(const PickleValue& value) {
    const PickleNode* global = node_of(value, Kind::global);
    if (!global || global->module != "torch" || !dtype_itemsize(global->name)) {
      fail(ErrorCode::corrupt, "its dtype is " + describe(value));
    }
    return std::string(global->name);
  }

  Shape numbers(const PickleValue& value, std::string_view what) {
    const PickleNode* tuple = node_of(value, Kind::tuple);
    if (!tuple) fail(ErrorCode::corrupt, fmt::format("its {} is {}", what, describe(value)));
    if (tuple->items.size() > kMostDimensions) {
      fail(ErrorCode::corrupt, fmt::format("its {} has {} numbers; torch has at most {} dimensions",
                                           what, tuple->items.size(), kMostDimensions));
    }
    Shape numbers;
    for (const PickleValue& item : tuple->items) {
      const auto* number = std::get_if<std::int64_t>(&item);
      if (!number) fail(ErrorCode::corrupt, fmt::format("its {} holds {}", what, describe(item)));
      numbers.push_back(*number);
    }
    return numbers;
  }

  // {'conj': True} and {'neg': True}: torch flipped the signs only in name.
  void read_flags(const PickleValue& value, TorchTensor& tensor) {
    if (std::holds_alternative<PickleNone>(value)) return;
    const PickleNode* flags = node_of(value);
    if (!flags || !flags->is_dict()) fail(ErrorCode::corrupt, "its metadata is " + describe(value));
    for (std::size_t i = 0; i + 1 < flags->items.size(); i += 2) {
      const auto* key = std::get_if<PickleText>(&flags->items[i]);
      const auto* set = std::get_if<bool>(&flags->items[i + 1]);
      if (!key || !set || (key->text != "conj" && key->text != "neg")) {
        fail(ErrorCode::unsupported,
             fmt::format("its metadata has {} = {}; only conj and neg are known",
                         key ? io::printable(key->text) : describe(flags->items[i]),
                         describe(flags->items[i + 1])));
      }
      (key->text == "conj" ? tensor.conj : tensor.neg) = *set;
    }
    const bool is_complex = tensor.dtype.starts_with("complex");
    const bool has_sign_bit = is_complex || tensor.dtype == "bfloat16" ||
                              tensor.dtype == "float16" || tensor.dtype == "float32" ||
                              tensor.dtype == "float64";
    if ((tensor.conj && !is_complex) || (tensor.neg && !has_sign_bit)) {
      fail(ErrorCode::unsupported,
           fmt::format("it is a {} view of dtype {}; save tensor.clone()",
                       tensor.conj ? "conjugated" : "negated", tensor.dtype));
    }
  }

  void place(TorchTensor& tensor, const StorageId& storage) {
    const auto bytes = byte_count(tensor.layout.shape, tensor.layout.itemsize);
    if (!bytes) fail(ErrorCode::corrupt, shape_problem(tensor.layout.shape));
    const auto reach = lancekeep::reach(tensor.layout);
    if (!reach) {
      fail(ErrorCode::corrupt,
           fmt::format("strides {} do not fit shape {}", to_string(tensor.layout.strides),
                       to_string(tensor.layout.shape)));
    }
    tensor.nbytes = *bytes;
    tensor.reach = *reach;
    const auto found = torch_.storages.find(storage.key);
    if (found == torch_.storages.end()) {
      fail(ErrorCode::corrupt, "the file has no storage `" + io::printable(storage.key) + "`");
    }
    if (found->second.length != storage.bytes) {
      fail(ErrorCode::corrupt,
           fmt::format("storage `{}` has {} bytes, but the pickle says {}",
                       io::printable(storage.key), found->second.length, storage.bytes));
    }
    const std::uint64_t start = first_byte(tensor, storage);
    tensor.offset = found->second.offset + storage.view_start + start;
  }

  // Where the first element lies in the part of the storage that the tensor may use.
  std::uint64_t first_byte(const TorchTensor& tensor, const StorageId& storage) {
    const auto* offset = std::get_if<std::int64_t>(&arguments_[1]);
    if (!offset || *offset < 0) {
      fail(ErrorCode::corrupt, "its storage offset is no count of elements");
    }
    if (tensor.reach == 0) return 0;
    const auto start =
        io::checked_mul<std::uint64_t>(static_cast<std::uint64_t>(*offset), tensor.layout.itemsize);
    if (!start || *start > storage.view_bytes || tensor.reach > storage.view_bytes - *start) {
      fail(ErrorCode::corrupt,
           fmt::format("shape {} with strides {} from element {} on reaches past the {} bytes of "
                       "storage `{}`",
                       to_string(tensor.layout.shape), to_string(tensor.layout.strides), *offset,
                       storage.view_bytes, io::printable(storage.key)));
    }
    return *start;
  }

  [[noreturn]] void fail(ErrorCode code, const std::string& problem) {
    fail_at(torch_.object, call_, code, fmt::format("tensor `{}`: {}", name_, problem));
  }

  const TorchFile& torch_;
  const PickleNode& call_;
  const std::string name_;
  const std::string function_;
  const std::vector<PickleValue>& arguments_;
};

}  // namespace

bool is_tensor(const PickleValue& value) {
  const std::string name = called_name(value);
  return name == kParameter || name == kTensor || name == kTensor2 || name == kTensor3;
}

TorchTensor read_torch_tensor(const TorchFile& torch, const PickleValue& value,
                              const std::string& name) {
  const PickleNode* call = node_of(value, Kind::call);
  if (called_name(value) == kParameter) {
    // _rebuild_parameter(tensor, requires_grad, hooks)
    const std::vector<PickleValue>& arguments = node_of(call->items[1])->items;
    const bool wraps =
        !arguments.empty() && is_tensor(arguments[0]) && called_name(arguments[0]) != kParameter;
    if (!wraps) {
      fail_at(torch.object, *call, ErrorCode::corrupt,
              fmt::format("parameter `{}` wraps {}", io::printable(name),
                          arguments.empty() ? "nothing" : describe(arguments[0])));
    }
    call = node_of(arguments[0]);
  }
  return Rebuild(torch, *call, name).read();
}

}  // namespace lancekeep::formats
