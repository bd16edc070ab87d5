// SPDX-License-Identifier: Apache-2.0
// Counting with shapes. A shape may come from a hostile file, so every product is checked: the result
// is unset if a dimension is negative or the count does not fit 64 bits, and shape_problem() says
// which. A shape with a zero dimension has 0 elements, even if its other dimensions would overflow.
// Pure functions; any thread may call them.
#pragma once

#include <lancekeep/tensor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lancekeep {

[[nodiscard]] std::optional<std::uint64_t> element_count(const Shape& shape) noexcept;
[[nodiscard]] std::optional<std::uint64_t> byte_count(const Shape& shape,
                                                      std::size_t itemsize) noexcept;

/// Why byte_count() is unset, e.g. "shape [2, -1] has a negative dimension".
[[nodiscard]] std::string shape_problem(const Shape& shape);

/// The strides of a contiguous tensor in elements, as torch gives them (a zero dimension counts as
/// one); unset if one does not fit.
[[nodiscard]] std::optional<Shape> row_major_strides(const Shape& shape);

}  // namespace lancekeep
