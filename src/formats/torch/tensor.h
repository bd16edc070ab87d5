// SPDX-License-Identifier: Apache-2.0
// One tensor of a torch file: which bytes of the file it is, in which order.
#pragma once

#include "formats/torch/file.h"
#include "tensor/strided_view.h"

#include <lancekeep/tensor.h>

#include <cstdint>
#include <string>

namespace lancekeep::formats {

struct TorchTensor {
  std::string dtype;
  StridedLayout layout;
  std::uint64_t offset = 0;  ///< of its first element, in the file
  std::uint64_t reach = 0;  ///< bytes from there to the end of its last element; all in its storage
  std::uint64_t nbytes = 0;  ///< in row-major order
  bool conj = false;         ///< the imaginary parts stand in the file with the other sign
  bool neg = false;          ///< all values do
};

/// Whether the value is a tensor: a call of one of torch's functions that rebuild one.
[[nodiscard]] bool is_tensor(const PickleValue& value);

/// Does what the calls in the pickle would do, on file offsets instead of memory. `name` is the
/// entry's, for messages.
/// @throws Error corrupt or unsupported, at the call's place in the file.
[[nodiscard]] TorchTensor read_torch_tensor(const TorchFile& torch, const PickleValue& value,
                                            const std::string& name);

/// Pushes the tensor's bytes, in row-major order and with conj and neg applied.
void push_torch_tensor(const io::InputFile& file, const TorchTensor& tensor, const ByteSink& sink);

}  // namespace lancekeep::formats
