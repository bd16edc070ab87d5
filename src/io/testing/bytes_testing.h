// SPDX-License-Identifier: Apache-2.0
// For tests: numbers as bytes of a file.
#pragma once

#include <cstdint>
#include <string>

namespace lancekeep::io {

inline std::string little_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i, number >>= 8) text += static_cast<char>(number & 0xff);
  return text;
}

}  // namespace lancekeep::io
