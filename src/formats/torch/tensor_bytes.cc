// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/tensor.h"
#include "tensor/strided_file.h"

#include <span>

namespace lancekeep::formats {
namespace {

// conj and neg are flips of sign bits, which stand in the last byte of a little-endian number.
void flip_signs(const TorchTensor& tensor, std::span<std::byte> elements) {
  const std::size_t itemsize = tensor.layout.itemsize;
  const bool is_complex = tensor.dtype.starts_with("complex");
  const bool last_number = tensor.neg != tensor.conj;  // the imaginary part, or the only one
  const std::byte sign{0x80};
  for (std::size_t end = itemsize; end <= elements.size(); end += itemsize) {
    if (last_number) elements[end - 1] ^= sign;
    if (is_complex && tensor.neg) elements[end - itemsize / 2 - 1] ^= sign;
  }
}

}  // namespace

void push_torch_tensor(const io::InputFile& file, const TorchTensor& tensor, const ByteSink& sink) {
  ElementChange change;
  if (tensor.conj || tensor.neg) {
    change = [&](std::span<std::byte> elements) { flip_signs(tensor, elements); };
  }
  push_strided(file, tensor.offset, tensor.layout, change, sink);
}

}  // namespace lancekeep::formats
