// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors 0.8 file, and the dtypes of safetensors. A file consists of
//   the length of the header as u64, the header, the data.
// Offsets count from the start of the data. In the shape of an F4 tensor, safetensors counts values
// of half a byte, but torch counts bytes of two values: the last dimension is halved when read and
// doubled when written. Pure functions; decoding uses a JsonStream, which belongs to one thread.
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

/// Decodes the JSON text. Memory for the header is taken from the stream's budget. Checks that
/// names are unique, but does not compare the offsets of entries with each other.
/// @throws Error corrupt or unsupported, at the byte where the parser stopped.
[[nodiscard]] SafetensorsHeader decode_safetensors_header(JsonStream& json);

/// Returns a header's JSON text, padded with spaces to a multiple of 8 bytes. All strings must be
/// UTF-8.
[[nodiscard]] std::string encode_safetensors_header(const SafetensorsHeader& header);

/// Look up a dtype by its name in safetensors ("BF16") or in Lancekeep ("bfloat16"). Null if
/// safetensors lacks the dtype.
[[nodiscard]] const DtypeNames* safetensors_dtype(std::string_view name) noexcept;
[[nodiscard]] const DtypeNames* safetensors_dtype_of(std::string_view dtype) noexcept;

/// Returns the number of bytes of a tensor whose shape is as safetensors counts it. nullopt if a
/// dimension is negative, if the product overflows (even before a zero), or if the last value ends
/// within a byte.
[[nodiscard]] std::optional<std::uint64_t> safetensors_byte_count(const DtypeNames& dtype,
                                                                  const Shape& shape) noexcept;

/// Converts a shape to Lancekeep's count; nullopt for an F4 tensor whose last dimension is odd or
/// missing.
[[nodiscard]] std::optional<Shape> shape_from_safetensors(const DtypeNames& dtype, Shape shape);
/// Converts a shape to safetensors' count; nullopt for an F4 tensor that has no dimensions, or
/// whose last dimension is too large to be doubled.
[[nodiscard]] std::optional<Shape> shape_to_safetensors(const DtypeNames& dtype, Shape shape);

}  // namespace lancekeep::formats
