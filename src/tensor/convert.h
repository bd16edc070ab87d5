// SPDX-License-Identifier: Apache-2.0
// Converts numbers of one dtype to another: the plain layout, which stores float64 only, needs it
// for every tensor. Pure functions; any thread may call them. Bytes need not be aligned.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace lancekeep {

/// Whether values of this dtype are real numbers: bool, the integers of 8 to 64 bits, float64,
/// float32, float16, bfloat16 and the float8 dtypes. Complex and quantized numbers, bits, and
/// dtypes that pack several values into a byte are not.
[[nodiscard]] bool is_number(std::string_view dtype) noexcept;

enum class Rounding {
  as_torch,  ///< to a float dtype as torch's `.to()`, through float32 if narrower than float32; to
             ///< an integer dtype or bool only values that it holds exactly
  none,      ///< only values that come back with the same bits when converted the other way
};

/// Converts all values of `from` into `to`, which has room for as many. Both dtypes are numbers.
/// Returns the index of the first value that cannot be converted; unset if all were.
[[nodiscard]] std::optional<std::size_t> convert(std::string_view from_dtype,
                                                 std::span<const std::byte> from,
                                                 std::string_view to_dtype, std::span<std::byte> to,
                                                 Rounding rounding);

}  // namespace lancekeep
