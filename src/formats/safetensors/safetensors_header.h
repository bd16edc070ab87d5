// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors 0.8 file and its dtypes. A file consists of
//   u64 length of the header, the header, the data; offsets count from the start of the data.
// safetensors counts F4 values of half a byte, where torch counts bytes of two values: the last
// dimension of an F4 tensor is halved when read and doubled when written.
// Pure functions; decoding uses a JsonStream, which belongs to one thread.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/safetensors/json_stream.h"
#include "tensor/dtype_names.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

inline constexpr std::uint64_t kSafetensorsLongestHeader = 100'000'000;
inline constexpr std::string_view kSafetensorsMetadataKey = "__metadata__";

struct SafetensorsEntry {
  std::string name;
  const DtypeNames* dtype = nullptr;  ///< never null in a decoded header
  Shape shape;                        ///< as safetensors counts it
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::deque<SafetensorsEntry> entries;  ///< in the order of the JSON text
  Metadata metadata;
};

/// Decodes the JSON text. Memory for the header is taken from the stream's budget. Names are
/// checked to be unique; otherwise entries are not compared with each other.
/// @throws Error corrupt or unsupported, at the byte where the parser stopped.
[[nodiscard]] SafetensorsHeader decode_safetensors_header(JsonStream& json);

/// Returns JSON text, padded with spaces to a multiple of 8 bytes. All strings must be UTF-8.
[[nodiscard]] std::string encode_safetensors_header(const SafetensorsHeader& header);

/// Look up a dtype by its safetensors name ("BF16"), or by Lancekeep's ("bfloat16"); null if
/// safetensors lacks it.
[[nodiscard]] const DtypeNames* safetensors_dtype(std::string_view name) noexcept;
[[nodiscard]] const DtypeNames* safetensors_dtype_of(std::string_view dtype) noexcept;

/// Returns the bytes of a tensor of this shape, as safetensors counts it. nullopt if a dimension is
/// negative, the product overflows (even before a zero), or the last value ends within a byte.
[[nodiscard]] std::optional<std::uint64_t> safetensors_byte_count(const DtypeNames& dtype,
                                                                  const Shape& shape) noexcept;

/// Converts a shape to Lancekeep's count; nullopt for an F4 tensor whose last dimension is odd or
/// missing.
[[nodiscard]] std::optional<Shape> shape_from_safetensors(const DtypeNames& dtype, Shape shape);
/// The inverse; nullopt for an F4 tensor without dimensions or with one that is too large.
[[nodiscard]] std::optional<Shape> shape_to_safetensors(const DtypeNames& dtype, Shape shape);

}  // namespace lancekeep::formats
