// SPDX-License-Identifier: Apache-2.0
// The dtypes of safetensors 0.8 and their names in torch. torch has none for F6_E2M3 and F6_E3M2;
// they are carried through under their own names in lower case. F4 counts values of half a byte
// where torch counts bytes of two values, so its last dimension is halved here and doubled there.
// Pure functions.
#pragma once

#include <lancekeep/tensor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lancekeep::formats {

struct SafetensorsDtype {
  std::string_view name;   ///< "BF16"
  std::string_view dtype;  ///< "bfloat16"
  std::size_t bits = 8;    ///< of one value
};

[[nodiscard]] const SafetensorsDtype* safetensors_dtype(std::string_view name) noexcept;
/// By Lancekeep's name.
[[nodiscard]] const SafetensorsDtype* safetensors_dtype_of(std::string_view dtype) noexcept;

/// The bytes of a tensor of this shape as safetensors counts it; nothing where the product of the
/// dimensions overflows on the way, even before a zero, where one is negative, or where the last
/// value would end within a byte.
[[nodiscard]] std::optional<std::uint64_t> safetensors_byte_count(const SafetensorsDtype& dtype,
                                                                  const Shape& shape) noexcept;

/// The shape as Lancekeep counts it, or nothing: an F4 tensor whose last dimension is odd or
/// missing.
[[nodiscard]] std::optional<Shape> shape_from_safetensors(const SafetensorsDtype& dtype,
                                                          Shape shape);
/// And back, or nothing: an F4 tensor without dimensions or with one that is too large.
[[nodiscard]] std::optional<Shape> shape_to_safetensors(const SafetensorsDtype& dtype, Shape shape);

}  // namespace lancekeep::formats
