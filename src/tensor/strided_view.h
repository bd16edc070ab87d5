// SPDX-License-Identifier: Apache-2.0
// A tensor whose elements are in any order in memory or in a file: transposed, sliced, expanded
// (torch), in Fortran order or the other byte order (NumPy). Offset and strides count elements, as
// torch counts them. They may come from a hostile file, so the extent is computed with checked
// arithmetic before a byte is touched. Any thread may call these functions.
#pragma once

#include <lancekeep/tensor.h>

#include "io/input_file.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace lancekeep {

struct StridedLayout {
  Shape shape;
  Shape strides;  ///< one per dimension, none negative
  std::size_t itemsize = 1;
};

/// Bytes from the start of the first element to the end of the last one; 0 for an empty view; unset
/// if it does not fit 64 bits or a stride or dimension is negative.
[[nodiscard]] std::optional<std::uint64_t> reach(const StridedLayout& layout) noexcept;

/// Whether the elements are adjacent and in row-major order.
[[nodiscard]] bool is_contiguous(const StridedLayout& layout) noexcept;

/// Takes a piece, which it may change before passing it on; returns false to stop.
using PieceSink = std::function<bool(std::span<std::byte> piece)>;

/// Copies the view's elements in row-major order into pieces of at most `piece_bytes` (whole
/// elements, at least one) and pushes them into `sink`. `bytes` starts at the first element and
/// holds reach(layout) bytes.
void gather(const StridedLayout& layout, std::span<const std::byte> bytes, std::size_t piece_bytes,
            const PieceSink& sink);

/// Changes whole elements before they are pushed.
using ElementChange = std::function<void(std::span<std::byte> elements)>;

/// Pushes the elements of `layout`, the first of which is at `offset` in the file, into `sink` as
/// row-major bytes. Contiguous elements are streamed. Otherwise the elements can be needed in any
/// order, so a small view is read whole and a large one is mapped. reach(layout) must be set.
/// @throws Error corrupt if the file is too short.
void push_strided(const io::InputFile& file, std::uint64_t offset, const StridedLayout& layout,
                  const ElementChange& change, const ByteSink& sink);

}  // namespace lancekeep
