// SPDX-License-Identifier: Apache-2.0
// One tensor of a torch file: which bytes of the file it is, in which order.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/torch/file.h"
#include "tensor/strided_view.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lancekeep::formats {

/// Where a tensor's bytes are. A checkpoint keeps one of these for each of its tensors.
struct TensorPlace {
  std::uint64_t offset = 0;  ///< of its first element, in the file
  std::uint64_t reach = 0;   ///< bytes from there to the end of its last element, in its storage
  Shape strides;             ///< in elements
  std::uint64_t text_bytes = 0;  ///< if not 0, what the bytes take in the file as text of Latin-1
  std::uint64_t array_at = 0;    ///< of a NumPy array: the place of its call; it shares no storage
  bool conj = false;             ///< the imaginary parts stand in the file with the other sign
  bool neg = false;              ///< all values do
};

struct TorchTensor {
  std::string dtype;
  Shape shape;
  std::uint64_t nbytes = 0;  ///< in row-major order
  TensorPlace place;
};

inline constexpr std::size_t kMostDimensions = 64;
/// A view of at most this many bytes is read before it is put in order; a larger one is mapped, for
/// its elements may be wanted in any order.
inline constexpr std::uint64_t kLargestRead = 32 << 20;

/// Does what the calls in the pickle would do, on file offsets instead of memory. `name` is the
/// entry's, for messages.
/// @throws Error corrupt or unsupported, at the call's place in the file.
[[nodiscard]] TorchTensor read_torch_tensor(const TorchFile& torch, PickleValue value,
                                            const std::string& name);

/// Pushes the tensor's bytes, in row-major order and with conj and neg applied.
void push_torch_tensor(const io::InputFile& file, const TensorSpec& spec, const TensorPlace& place,
                       const ByteSink& sink);

}  // namespace lancekeep::formats
