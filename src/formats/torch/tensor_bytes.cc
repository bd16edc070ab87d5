// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/tensor.h"

#include <algorithm>
#include <span>
#include <vector>

namespace lancekeep::formats {
namespace {

// A view of at most this many bytes is read before it is put in order; a larger one is mapped, for
// its elements may be wanted in any order.
constexpr std::uint64_t kLargestRead = 32 << 20;
constexpr std::size_t kGatherPiece = 1 << 20;

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

io::ByteView bytes_of(const io::InputFile& file, const TorchTensor& tensor) {
  if (tensor.reach <= kLargestRead) {
    return file.read(tensor.offset, tensor.reach, "a tensor's storage");
  }
  return file.map().sub(tensor.offset, tensor.reach, "a tensor's storage");
}

}  // namespace

void push_torch_tensor(const io::InputFile& file, const TorchTensor& tensor, const ByteSink& sink) {
  if (tensor.nbytes == 0) return;
  const bool flips = tensor.conj || tensor.neg;
  if (is_contiguous(tensor.layout) && !flips) {
    file.read_pieces(tensor.offset, tensor.nbytes, "a tensor's bytes", sink);
    return;
  }
  const io::ByteView bytes = bytes_of(file, tensor);
  gather(tensor.layout, bytes.bytes(), kGatherPiece, [&](std::span<std::byte> piece) {
    if (flips) flip_signs(tensor, piece);
    return sink(piece);
  });
}

}  // namespace lancekeep::formats
