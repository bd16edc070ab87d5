// SPDX-License-Identifier: Apache-2.0
// For tests: safetensors files around a header written by hand.
#pragma once

#include <cstdint>
#include <string>

namespace lancekeep::formats {

inline std::string safetensors_of(const std::string& header, const std::string& data) {
  std::string length;
  for (int i = 0; i < 8; ++i) length += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return length + header + data;
}

/// `"name":{...}`
inline std::string safetensors_entry(const std::string& name, const std::string& dtype,
                                     const std::string& shape, std::uint64_t begin,
                                     std::uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace lancekeep::formats
