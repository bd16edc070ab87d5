// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/dtype.h"

#include "io/checked_math.h"

#include <algorithm>
#include <array>

namespace lancekeep::formats {
namespace {

constexpr auto kDtypes = std::to_array<SafetensorsDtype>({
    {"BOOL", "bool", 8},
    {"F4", "float4_e2m1fn_x2", 4},
    {"F6_E2M3", "f6_e2m3", 6},
    {"F6_E3M2", "f6_e3m2", 6},
    {"U8", "uint8", 8},
    {"I8", "int8", 8},
    {"F8_E5M2", "float8_e5m2", 8},
    {"F8_E4M3", "float8_e4m3fn", 8},
    {"F8_E8M0", "float8_e8m0fnu", 8},
    {"F8_E4M3FNUZ", "float8_e4m3fnuz", 8},
    {"F8_E5M2FNUZ", "float8_e5m2fnuz", 8},
    {"I16", "int16", 16},
    {"U16", "uint16", 16},
    {"F16", "float16", 16},
    {"BF16", "bfloat16", 16},
    {"I32", "int32", 32},
    {"U32", "uint32", 32},
    {"F32", "float32", 32},
    {"C64", "complex64", 64},
    {"F64", "float64", 64},
    {"I64", "int64", 64},
    {"U64", "uint64", 64},
});

template <typename Matches>
const SafetensorsDtype* find(Matches matches) {
  const auto* found = std::find_if(kDtypes.begin(), kDtypes.end(), matches);
  return found == kDtypes.end() ? nullptr : found;
}

}  // namespace

const SafetensorsDtype* safetensors_dtype(std::string_view name) noexcept {
  return find([&](const SafetensorsDtype& entry) { return entry.name == name; });
}

const SafetensorsDtype* safetensors_dtype_of(std::string_view dtype) noexcept {
  return find([&](const SafetensorsDtype& entry) { return entry.dtype == dtype; });
}

std::optional<std::uint64_t> safetensors_byte_count(const SafetensorsDtype& dtype,
                                                    const Shape& shape) noexcept {
  std::optional<std::uint64_t> bits = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    bits = io::checked_mul(*bits, static_cast<std::uint64_t>(size));
    if (!bits) return std::nullopt;
  }
  bits = io::checked_mul<std::uint64_t>(*bits, dtype.bits);
  if (!bits || *bits % 8 != 0) return std::nullopt;
  return *bits / 8;
}

std::optional<Shape> shape_from_safetensors(const SafetensorsDtype& dtype, Shape shape) {
  if (dtype.bits != 4) return shape;
  if (shape.empty() || shape.back() % 2 != 0) return std::nullopt;
  shape.back() /= 2;
  return shape;
}

std::optional<Shape> shape_to_safetensors(const SafetensorsDtype& dtype, Shape shape) {
  if (dtype.bits != 4) return shape;
  if (shape.empty()) return std::nullopt;
  const auto doubled = io::checked_mul<std::int64_t>(shape.back(), 2);
  if (!doubled) return std::nullopt;
  shape.back() = *doubled;
  return shape;
}

}  // namespace lancekeep::formats
