// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/torch_tensor.h"

#include "formats/torch/globals.h"
#include "formats/torch/python_object.h"
#include "formats/torch/tensor_call.h"
#include "formats/torch/torch_file.h"
#include "io/checked_math.h"
#include "io/utf8.h"
#include "tensor/shape.h"
#include "tensor/strided_view.h"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string_view>

namespace lancekeep::formats {
namespace {

// Reads the arguments of one call that rebuilds a tensor.
class RebuildCall {
 public:
  RebuildCall(const TorchFile& torch, const PlainTensorCall& call, const std::string& name)
      : torch_(torch), document_(torch.object), call_(call), name_(io::printable(name)) {}

  TorchTensor read() {
    const bool third = call_.function == Callable::tensor_v3;
    const bool first = call_.function == Callable::tensor;
    const std::size_t fewest = first ? 4 : third ? 7 : 6;
    const std::size_t most = first ? 4 : fewest + 1;
    if (arguments_.size() < fewest || arguments_.size() > most) {
      fail(ErrorCode::corrupt,
           fmt::format("its function is called with {} arguments", arguments_.size()));
    }
    const PickleNode* id = document_.node(arguments_[0], NodeKind::persistent_id);
    if (!id) fail(ErrorCode::corrupt, "its storage is " + describe(arguments_[0]));
    const StorageId storage = read_storage_id(document_, *id);

    TorchTensor tensor;
    tensor.dtype = third ? dtype(arguments_[6]) : std::string(storage.dtype);
    tensor.shape = numbers(arguments_[2], "shape");
    tensor.place.strides = numbers(arguments_[3], "strides");
    if (arguments_.size() == most && most > 4) read_flags(arguments_[most - 1], tensor);
    place(tensor, storage);
    return tensor;
  }

 private:
  std::string dtype(PickleValue value) {
    if (object_kind(document_, value) != ObjectKind::dtype) {
      fail(ErrorCode::corrupt, "its dtype is " + describe(value));
    }
    return std::string(dtype_name(document_, value));
  }

  Shape numbers(PickleValue value, std::string_view what) {
    const PickleNode* tuple = document_.node(value, NodeKind::tuple);
    if (!tuple) fail(ErrorCode::corrupt, fmt::format("its {} is {}", what, describe(value)));
    if (tuple->count > kMostDimensions) {
      fail(ErrorCode::corrupt,
           fmt::format("its {} has {} numbers; torch supports at most {} dimensions", what,
                       tuple->count, kMostDimensions));
    }
    Shape numbers;
    numbers.reserve(tuple->count);
    for (const PickleValue item : tuple->items()) {
      const auto number = document_.integer(item);
      if (!number) fail(ErrorCode::corrupt, fmt::format("its {} holds {}", what, describe(item)));
      numbers.push_back(*number);
    }
    return numbers;
  }

  // {'conj': True} and {'neg': True} mark a lazy view, whose bytes still have the opposite sign.
  void read_flags(PickleValue value, TorchTensor& tensor) {
    if (value == PickleValue{}) return;
    const PickleNode* flags = document_.node(value);
    if (!flags || !flags->is_dict()) fail(ErrorCode::corrupt, "its metadata is " + describe(value));
    for (std::size_t i = 0; i + 1 < flags->count; i += 2) {
      const auto key = document_.short_text(flags->items()[i]);
      const auto set = document_.boolean(flags->items()[i + 1]);
      if (!key || !set || (key != "conj" && key != "neg")) {
        fail(ErrorCode::unsupported,
             fmt::format("its metadata has {} = {}; only conj and neg are known",
                         key ? io::printable(*key) : describe(flags->items()[i]),
                         describe(flags->items()[i + 1])));
      }
      (key == "conj" ? tensor.place.conj : tensor.place.neg) = *set;
    }
    const bool is_complex = tensor.dtype.starts_with("complex");
    const bool has_sign_bit = is_complex || tensor.dtype == "bfloat16" ||
                              tensor.dtype == "float16" || tensor.dtype == "float32" ||
                              tensor.dtype == "float64";
    if ((tensor.place.conj && !is_complex) || (tensor.place.neg && !has_sign_bit)) {
      fail(ErrorCode::unsupported,
           fmt::format("it is a {} view of dtype {}; save tensor.clone()",
                       tensor.place.conj ? "conjugated" : "negated", tensor.dtype));
    }
  }

  void place(TorchTensor& tensor, const StorageId& storage) {
    const StridedLayout layout{tensor.shape, tensor.place.strides,
                               dtype_itemsize(tensor.dtype).value()};
    const auto bytes = byte_count(layout.shape, layout.itemsize);
    if (!bytes) fail(ErrorCode::corrupt, shape_problem(layout.shape));
    const auto reach = lancekeep::reach(layout);
    if (!reach) {
      fail(ErrorCode::corrupt, fmt::format("strides {} do not fit shape {}",
                                           to_string(layout.strides), to_string(layout.shape)));
    }
    tensor.nbytes = *bytes;
    tensor.place.reach = *reach;
    const TorchStorage* found = torch_.find_storage(storage.key);
    if (!found) {
      fail(ErrorCode::corrupt, "the file has no storage `" + io::printable(storage.key) + "`");
    }
    if (found->length != storage.bytes) {
      fail(ErrorCode::corrupt,
           fmt::format("storage `{}` has {} bytes, but the pickle says {}",
                       io::printable(storage.key), found->length, storage.bytes));
    }
    const std::uint64_t start = first_byte(layout, *reach, storage);
    tensor.place.offset = found->offset + storage.view_start + start;
  }

  // Returns the offset of the first element, relative to the part of the storage that the tensor
  // may use.
  std::uint64_t first_byte(const StridedLayout& layout, std::uint64_t reach,
                           const StorageId& storage) {
    const auto offset = document_.integer(arguments_[1]);
    if (!offset || *offset < 0) {
      fail(ErrorCode::corrupt, "its storage offset is not a count of elements");
    }
    if (reach == 0) return 0;
    const auto start =
        io::checked_mul<std::uint64_t>(static_cast<std::uint64_t>(*offset), layout.itemsize);
    if (!start || *start > storage.view_bytes || reach > storage.view_bytes - *start) {
      fail(ErrorCode::corrupt,
           fmt::format("shape {} with strides {} from element {} extends past the {} bytes of "
                       "storage `{}`",
                       to_string(layout.shape), to_string(layout.strides), *offset,
                       storage.view_bytes, io::printable(storage.key)));
    }
    return *start;
  }

  [[nodiscard]] std::string describe(PickleValue value) const { return document_.describe(value); }

  [[noreturn]] void fail(ErrorCode code, const std::string& problem) {
    fail_at(document_, *call_.node, code, fmt::format("tensor `{}`: {}", name_, problem));
  }

  const TorchFile& torch_;
  const PickleDocument& document_;
  const PlainTensorCall call_;
  const std::string name_;
  const std::span<const PickleValue> arguments_ = call_.arguments;
};

}  // namespace

TorchTensor read_torch_tensor(const TorchFile& torch, PickleValue value, const std::string& name) {
  const PlainTensorCall call = unwrap_tensor(torch.object, value, name);
  TorchTensor tensor = RebuildCall(torch, call, name).read();
  tensor.own_class = call.own_class;
  return tensor;
}

namespace {

constexpr std::size_t kGatherPiece = 1 << 20;

// conj and neg flip sign bits, which are in the last byte of a little-endian number.
void flip_signs(const TensorPlace& place, bool is_complex, std::size_t itemsize,
                std::span<std::byte> elements) {
  const bool last_number = place.neg != place.conj;  // the imaginary part, or the only number
  const std::byte sign{0x80};
  for (std::size_t end = itemsize; end <= elements.size(); end += itemsize) {
    if (last_number) elements[end - 1] ^= sign;
    if (is_complex && place.neg) elements[end - itemsize / 2 - 1] ^= sign;
  }
}

// Pushes a NumPy array whose bytes are text in the pickle. A contiguous array is streamed; any
// other is read and reordered. Such an array is never a conjugated or negated view.
void push_text(const io::InputFile& file, const TensorPlace& place, const StridedLayout& layout,
               const ByteSink& sink) {
  const RawBytes text{place.offset, place.text_bytes, /*latin1=*/true};
  if (is_contiguous(layout)) return push_raw_bytes(file, text, sink);
  const std::string bytes = read_raw_bytes(file, text);
  gather(layout, std::as_bytes(std::span(bytes)), kGatherPiece, sink);
}

}  // namespace

void push_torch_tensor(const io::InputFile& file, const TensorSpec& spec, const TensorPlace& place,
                       const ByteSink& sink) {
  if (spec.nbytes == 0) return;
  const StridedLayout layout{spec.shape, place.strides, dtype_itemsize(spec.dtype).value()};
  if (place.text_bytes > 0) return push_text(file, place, layout, sink);
  ElementChange change;
  if (place.conj || place.neg) {
    change = [&](std::span<std::byte> elements) {
      flip_signs(place, spec.dtype.starts_with("complex"), layout.itemsize, elements);
    };
  }
  push_strided(file, place.offset, layout, change, sink);
}

}  // namespace lancekeep::formats
