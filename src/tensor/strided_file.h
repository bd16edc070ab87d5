// SPDX-License-Identifier: Apache-2.0
// A tensor that lies in a file in any order (a transposed view of torch, NumPy's Fortran order, the
// other byte order), pushed piece by piece as row-major bytes. Any thread may call it.
#pragma once

#include "io/input_file.h"
#include "tensor/strided_view.h"

#include <cstdint>
#include <functional>
#include <span>

namespace lancekeep {

/// Changes whole elements on their way out.
using ElementChange = std::function<void(std::span<std::byte> elements)>;

/// Pushes the elements of `layout`, the first of which is at `offset` of the file, into `sink`.
/// What is one piece in the file is streamed; a small view in another order is read before it is
/// put in order, and a large one mapped, for its elements may be wanted in any order.
/// reach(layout) must be known to fit 64 bits. @throws Error corrupt where the file ends before
/// that.
void push_strided(const io::InputFile& file, std::uint64_t offset, const StridedLayout& layout,
                  const ElementChange& change, const ByteSink& sink);

}  // namespace lancekeep
