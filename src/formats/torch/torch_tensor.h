// SPDX-License-Identifier: Apache-2.0
// One tensor of a torch file: its bytes in the file, and their order. Any thread may call these
// functions.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/torch/torch_file.h"
#include "tensor/strided_view.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lancekeep::formats {

/// Where a tensor's bytes are. A checkpoint keeps a TensorPlace for each of its tensors.
struct TensorPlace {
  std::uint64_t offset = 0;  ///< file offset of its first element
  std::uint64_t reach = 0;   ///< bytes from there to the end of its last element, in its storage
  Shape strides;             ///< in elements
  std::uint64_t text_bytes =
      0;                       ///< unless 0: the bytes are Latin-1 text of this length in the file
  std::uint64_t array_at = 0;  ///< file offset of a NumPy array's call; arrays share no storage
  bool conj = false;           ///< the file has the imaginary parts with the opposite sign
  bool neg = false;            ///< the file has all values with the opposite sign
};

struct TorchTensor {
  std::string dtype;
  Shape shape;
  std::uint64_t nbytes = 0;  ///< in row-major order
  TensorPlace place;
  std::string own_class = {};  ///< of a subclass of Tensor, which is not kept; empty: none
};

inline constexpr std::size_t kMostDimensions = 64;
/// A strided view of at most this many bytes is read and then reordered; a larger one is mapped,
/// because its elements can be needed in any order.
inline constexpr std::uint64_t kLargestRead = 32 << 20;

/// Does what the calls in the pickle would do, but with file offsets instead of memory. A parameter
/// or a subclass gives its plain tensor; so does a tensor that wraps another of the same dtype and
/// shape, as a DTensor of one process does. `name` is the entry's name, for messages.
/// @throws Error corrupt or unsupported, at the call's file offset.
[[nodiscard]] TorchTensor read_torch_tensor(const TorchFile& torch, PickleValue value,
                                            const std::string& name);

/// Pushes the tensor's bytes into `sink` in row-major order, with conj and neg applied.
void push_torch_tensor(const io::InputFile& file, const TensorSpec& spec, const TensorPlace& place,
                       const ByteSink& sink);

}  // namespace lancekeep::formats
