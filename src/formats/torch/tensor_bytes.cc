// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/raw_bytes.h"
#include "formats/torch/tensor.h"
#include "tensor/strided_view.h"

#include <span>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kGatherPiece = 1 << 20;

// conj and neg are flips of sign bits, which stand in the last byte of a little-endian number.
void flip_signs(const TensorPlace& place, bool is_complex, std::size_t itemsize,
                std::span<std::byte> elements) {
  const bool last_number = place.neg != place.conj;  // the imaginary part, or the only one
  const std::byte sign{0x80};
  for (std::size_t end = itemsize; end <= elements.size(); end += itemsize) {
    if (last_number) elements[end - 1] ^= sign;
    if (is_complex && place.neg) elements[end - itemsize / 2 - 1] ^= sign;
  }
}

// A NumPy array whose bytes stand in the pickle as text: streamed as they are, or read to be put in
// order. No such array is a conjugated or negated view.
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
