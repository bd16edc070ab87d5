// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/tensor.h"

#include "formats/torch/raw_bytes.h"
#include "tensor/strided_view.h"

#include <algorithm>
#include <span>
#include <vector>

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

RawBytes as_text(const TensorPlace& place) {
  return {place.offset, place.text_bytes, /*latin1=*/true};
}

io::ByteView bytes_of(const io::InputFile& file, const TensorPlace& place) {
  if (place.text_bytes > 0) {
    return io::ByteView::of(read_raw_bytes(file, as_text(place)), file.name());
  }
  if (place.reach <= kLargestRead) {
    return file.read(place.offset, place.reach, "a tensor's storage");
  }
  return file.map().sub(place.offset, place.reach, "a tensor's storage");
}

}  // namespace

void push_torch_tensor(const io::InputFile& file, const TensorSpec& spec, const TensorPlace& place,
                       const ByteSink& sink) {
  if (spec.nbytes == 0) return;
  const StridedLayout layout{spec.shape, place.strides, dtype_itemsize(spec.dtype).value()};
  const bool flips = place.conj || place.neg;
  if (is_contiguous(layout) && !flips) {
    if (place.text_bytes > 0) return push_raw_bytes(file, as_text(place), sink);
    file.read_pieces(place.offset, spec.nbytes, "a tensor's bytes", sink);
    return;
  }
  const bool is_complex = spec.dtype.starts_with("complex");
  const io::ByteView bytes = bytes_of(file, place);
  gather(layout, bytes.bytes(), kGatherPiece, [&](std::span<std::byte> piece) {
    if (flips) flip_signs(place, is_complex, layout.itemsize, piece);
    return sink(piece);
  });
}

}  // namespace lancekeep::formats
