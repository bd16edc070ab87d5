// SPDX-License-Identifier: Apache-2.0
// The tensors of a LibTorch module or dictionary as a TensorSource.
//
// A TorchSource shares the tensors' memory and copies nothing in advance: if a tensor is changed
// while the source is in use, the source returns the changed values. One thread at a time.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/libtorch/dtype.h>
#include <lancekeep/tensor.h>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/ordered_dict.h>
#include <torch/types.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace lancekeep {

/// Names and tensors in model order.
using StateDict = std::vector<std::pair<std::string, torch::Tensor>>;

namespace libtorch {

inline void append_state(const torch::nn::Module& module, const std::string& prefix,
                         StateDict& state) {
  for (const auto& item : module.named_parameters(/*recurse=*/false)) {
    state.emplace_back(prefix + item.key(), item.value());
  }
  for (const auto& item : module.named_buffers(/*recurse=*/false)) {
    state.emplace_back(prefix + item.key(), item.value());
  }
  for (const auto& child : module.named_children()) {
    append_state(*child.value(), prefix + child.key() + ".", state);
  }
}

/// Why the tensor's bytes cannot be read or written as plain values; empty if they can.
[[nodiscard]] inline std::string refusal(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "is undefined";
  if (tensor.is_nested()) return "is a nested tensor; use its parts as tensors of their own";
  if (tensor.layout() != c10::kStrided) {
    std::ostringstream text;
    text << "has the layout " << tensor.layout() << "; only strided tensors can be kept";
    return text.str();
  }
  if (tensor.is_quantized()) {
    return "is quantized (" + dtype_name(tensor.scalar_type()) +
           "); keep its int_repr(), scales and zero points as tensors of their own";
  }
  if (tensor.is_meta()) return "is on the meta device and has no values";
  if (!tensor.has_storage() || tensor._is_zerotensor()) return "has no memory of its own";
  return {};
}

/// The same memory as a dtype of the same width whose copies only move bits; detached from
/// autograd.
[[nodiscard]] inline torch::Tensor as_bits(const torch::Tensor& tensor) {
  return tensor.detach().view(bits_type(tensor.scalar_type()));
}

}  // namespace libtorch

/// In the order of Python's `state_dict()`: a module's parameters, its buffers, then its children.
/// The tensors are the module's own.
[[nodiscard]] inline StateDict state_dict(const torch::nn::Module& module) {
  StateDict state;
  libtorch::append_state(module, "", state);
  return state;
}

template <class Module>
[[nodiscard]] StateDict state_dict(const std::shared_ptr<Module>& module) {
  return state_dict(static_cast<const torch::nn::Module&>(*module));
}

template <class Module>
[[nodiscard]] StateDict state_dict(const torch::nn::ModuleHolder<Module>& module) {
  return state_dict(static_cast<const torch::nn::Module&>(*module));
}

[[nodiscard]] inline StateDict state_dict(
    const torch::OrderedDict<std::string, torch::Tensor>& dict) {
  return dict.pairs();
}

[[nodiscard]] inline StateDict state_dict(const StateDict& dict) { return dict; }

/// Tensors to be saved. Contiguous CPU tensors are read in place; all others are gathered in pieces
/// of at most 16 MiB, in row-major order, with conjugation and negation applied.
class TorchSource final : public TensorSource {
 public:
  /// @throws Error invalid_argument for a tensor whose values cannot be saved (sparse, quantized,
  /// meta, undefined), or for a name that occurs twice.
  explicit TorchSource(const StateDict& state) {
    std::set<std::string> names;
    for (const auto& [name, tensor] : state) {
      if (!names.insert(name).second) {
        throw Error(ErrorCode::invalid_argument, "two tensors are named '" + name + "'");
      }
      if (const std::string reason = libtorch::refusal(tensor); !reason.empty()) {
        throw Error(ErrorCode::invalid_argument, "tensor '" + name + "' " + reason);
      }
      specs_.push_back({.name = name,
                        .dtype = libtorch::dtype_name(tensor.scalar_type()),
                        .shape = tensor.sizes().vec(),
                        .nbytes = tensor.nbytes(),
                        .tied_to = {}});
      tensors_.push_back(tensor.detach());
    }
    find_ties();
    find_overlaps();
  }

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override { push(tensors_.at(index), sink); }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

 private:
  static constexpr std::size_t kPieceBytes = std::size_t{16} << 20;

  void find_ties() {
    using Key = std::tuple<const void*, std::int64_t, Shape, Shape, c10::ScalarType, bool, bool>;
    std::map<Key, std::size_t> first;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const torch::Tensor& t = tensors_[i];
      if (t.numel() == 0) continue;
      const auto [entry, is_new] =
          first.emplace(Key{t.storage().unsafeGetStorageImpl(), t.storage_offset(), t.sizes().vec(),
                            t.strides().vec(), t.scalar_type(), t.is_conj(), t.is_neg()},
                        i);
      if (!is_new) specs_[i].tied_to = entry->second;
    }
  }

  /// Adds a note for tensors that overlap in one storage without being tied.
  void find_overlaps() {
    struct Extent {
      const void* storage;
      std::int64_t begin, end;  // bytes
      std::size_t index;
    };
    std::vector<Extent> extents;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const torch::Tensor& t = tensors_[i];
      if (t.numel() == 0 || specs_[i].tied_to) continue;
      std::int64_t last = t.storage_offset();
      for (std::int64_t d = 0; d < t.dim(); ++d) last += (t.size(d) - 1) * t.stride(d);
      const auto width = static_cast<std::int64_t>(t.element_size());
      extents.push_back(
          {t.storage().unsafeGetStorageImpl(), t.storage_offset() * width, (last + 1) * width, i});
    }
    std::ranges::sort(extents, {},
                      [](const Extent& e) { return std::tuple(e.storage, e.begin, e.index); });
    for (std::size_t i = 1, widest = 0; i < extents.size(); ++i) {
      const Extent& a = extents[widest];
      const Extent& b = extents[i];
      if (a.storage == b.storage && b.begin < a.end) {
        const auto [first, second] = std::minmax(a.index, b.index);
        notes_.push_back(specs_[first].name + " and " + specs_[second].name +
                         " share memory without being the same tensor; both are saved in full");
      }
      if (a.storage != b.storage || b.end > a.end) widest = i;
    }
  }

  /// Recurses over the leading dimension, which keeps row-major order. Returns false if the sink
  /// stopped.
  bool push(const torch::Tensor& tensor, const ByteSink& sink) {
    if (tensor.numel() == 0) return true;
    if (tensor.is_cpu() && tensor.is_contiguous() && !tensor.is_conj() && !tensor.is_neg()) {
      return sink({static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()});
    }
    if (tensor.nbytes() <= kPieceBytes) return sink(stage(tensor));
    const std::int64_t rows = tensor.size(0);
    const auto row_bytes = tensor.nbytes() / static_cast<std::size_t>(rows);
    const auto step = static_cast<std::int64_t>(kPieceBytes / row_bytes);
    for (std::int64_t row = 0; row < rows; row += std::max<std::int64_t>(step, 1)) {
      const torch::Tensor part =
          step > 1 ? tensor.narrow(0, row, std::min(step, rows - row)) : tensor.select(0, row);
      if (!push(part, sink)) return false;
    }
    return true;
  }

  /// Gathers a tensor of at most kPieceBytes; the bytes are valid until the next call.
  std::span<const std::byte> stage(const torch::Tensor& tensor) {
    if (!staging_.defined()) {
      staging_ = torch::empty({static_cast<std::int64_t>(kPieceBytes)},
                              torch::TensorOptions(torch::kByte).pinned_memory(tensor.is_cuda()));
    }
    const torch::Tensor bits = libtorch::as_bits(tensor.resolve_conj().resolve_neg());
    void* memory = staging_.mutable_data_ptr();
    torch::from_blob(memory, bits.sizes(), bits.scalar_type()).copy_(bits);
    return {static_cast<const std::byte*>(memory), tensor.nbytes()};
  }

  std::vector<TensorSpec> specs_;
  std::vector<torch::Tensor> tensors_;
  std::vector<std::string> notes_;
  torch::Tensor staging_;
};

}  // namespace lancekeep
