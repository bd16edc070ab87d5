// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors file: decode and encode. A file is
//   u64 length of the header, the header, the data; offsets count from the data's start.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/safetensors/dtype.h"
#include "formats/safetensors/json_stream.h"

#include <cstdint>
#include <deque>
#include <string>

namespace lancekeep::formats {

inline constexpr std::uint64_t kSafetensorsLongestHeader = 100'000'000;
inline constexpr std::string_view kSafetensorsMetadataKey = "__metadata__";

struct SafetensorsEntry {
  std::string name;
  const SafetensorsDtype* dtype = nullptr;  ///< one of the table; never null
  Shape shape;                              ///< as safetensors counts it
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::deque<SafetensorsEntry> entries;  ///< in the order of the JSON text
  Metadata metadata;
};

/// Reads the JSON text; all that is kept is taken from the stream's budget. That the entries make
/// sense together is not checked here, but for their names.
/// @throws Error corrupt or unsupported, at the byte where the parser stood.
[[nodiscard]] SafetensorsHeader decode_safetensors_header(JsonStream& json);

/// JSON text, padded with spaces to a multiple of 8 bytes. Text must be UTF-8.
[[nodiscard]] std::string encode_safetensors_header(const SafetensorsHeader& header);

}  // namespace lancekeep::formats
