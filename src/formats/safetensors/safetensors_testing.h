// SPDX-License-Identifier: Apache-2.0
// For tests: safetensors files around a header written by hand.
#pragma once

#include "io/bytes_testing.h"

#include <cstdint>
#include <string>

namespace lancekeep::formats {

inline std::string safetensors_of(const std::string& header, const std::string& data) {
  return io::little_endian(header.size(), 8) + header + data;
}

/// `"name":{...}`
inline std::string safetensors_entry(const std::string& name, const std::string& dtype,
                                     const std::string& shape, std::uint64_t begin,
                                     std::uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace lancekeep::formats
