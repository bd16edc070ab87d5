// SPDX-License-Identifier: Apache-2.0
// Counting with shapes. A shape may come from a hostile file, so every product is checked:
// "nothing" means a negative dimension or a count that does not fit 64 bits, and shape_problem()
// says which. A shape with a zero dimension has 0 elements, also where its other dimensions would
// overflow. Pure functions; any thread may call them.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep {

[[nodiscard]] std::optional<std::uint64_t> element_count(const Shape& shape) noexcept;
[[nodiscard]] std::optional<std::uint64_t> byte_count(const Shape& shape,
                                                      std::size_t itemsize) noexcept;

/// What keeps byte_count() from counting, e.g. "shape [2, -1] has a negative dimension".
[[nodiscard]] std::string shape_problem(const Shape& shape);

/// The bytes a tensor must have, or nothing for a dtype that torch does not have (its bytes are
/// carried through uncounted).
/// @throws Error `code`, with the shape's problem, in `file`.
[[nodiscard]] std::optional<std::uint64_t> expected_byte_count(std::string_view dtype,
                                                               const Shape& shape,
                                                               ErrorCode code = ErrorCode::corrupt,
                                                               const std::string& file = {});

/// "[8, 3, 3, 3]"; a scalar's is "[]".
[[nodiscard]] std::string to_string(const Shape& shape);

/// Strides in elements of a contiguous tensor, as torch gives them (a zero dimension counts as
/// one), or nothing where one does not fit.
[[nodiscard]] std::optional<Shape> row_major_strides(const Shape& shape);

}  // namespace lancekeep
