// SPDX-License-Identifier: Apache-2.0
// A tensor that lies in its storage in any order: transposed, sliced, expanded. Offset and strides
// count elements, as torch counts them; they may come from a hostile file, so what they reach is
// computed with checked arithmetic before a byte is touched. Pure functions; any thread may call
// them.
#pragma once

#include <lancekeep/tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace lancekeep {

struct StridedLayout {
  Shape shape;
  Shape strides;  ///< as many as dimensions, none negative
  std::size_t itemsize = 1;
};

/// Bytes from the view's first element to the end of its last one; 0 for an empty view, nothing
/// where it does not fit 64 bits or a stride or dimension is negative.
[[nodiscard]] std::optional<std::uint64_t> reach(const StridedLayout& layout) noexcept;

/// Whether the elements lie one behind the other in row-major order.
[[nodiscard]] bool is_contiguous(const StridedLayout& layout) noexcept;

/// Takes a piece and may change it (before handing it on); false: enough.
using PieceSink = std::function<bool(std::span<std::byte> piece)>;

/// Copies the view's elements in row-major order into pieces of at most `piece_bytes` (whole
/// elements, at least one) and pushes them into `sink`. `bytes` starts at the first element and
/// holds reach(layout) bytes.
void gather(const StridedLayout& layout, std::span<const std::byte> bytes, std::size_t piece_bytes,
            const PieceSink& sink);

}  // namespace lancekeep
