// SPDX-License-Identifier: Apache-2.0
// Numbers of one dtype as numbers of another: what the recipe layout, which keeps float64 alone,
// asks of every tensor.
//
// Functions of their arguments alone; any thread may call them. Bytes need not be aligned.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace lancekeep {

/// Whether values of this dtype are real numbers with a meaning of their own: bool, the integers of
/// 8 to 64 bits, float64, float32, float16, bfloat16 and the float8 kinds. Not so complex numbers,
/// quantized ones, bits, and what packs several values into a byte.
[[nodiscard]] bool is_number(std::string_view dtype) noexcept;

/// Whether a conversion may round: to_float64 of what float64 holds exactly, or not at all.
enum class Rounding { as_torch, none };

/// Converts as many values as `from` has into `to`, which has as many. Both dtypes are numbers.
/// Rounding::as_torch: to a float type as torch's `.to()` does, by way of float32 where it is
/// narrower than that; to an integer type or bool only what it holds exactly. Rounding::none: only
/// values that come back with the same bits when converted the other way.
/// Returns the index of the first value that cannot be converted so; nothing where all were.
[[nodiscard]] std::optional<std::size_t> convert(std::string_view from_dtype,
                                                 std::span<const std::byte> from,
                                                 std::string_view to_dtype, std::span<std::byte> to,
                                                 Rounding rounding);

}  // namespace lancekeep
