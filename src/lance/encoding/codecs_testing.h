// SPDX-License-Identifier: Apache-2.0
// For tests: buffers compressed with LZ4 and zstd, preceded by the raw size as Lance writes it.
#pragma once

#include "lance/encoding/encoding_testing.h"

#include <lz4.h>
#include <zstd.h>

#include <cstdint>
#include <string>

namespace lancekeep::lance {

/// `raw_size` may be a lie.
inline std::string lz4(const std::string& content, std::uint32_t raw_size) {
  const auto size = static_cast<int>(content.size());
  std::string block(static_cast<std::size_t>(LZ4_compressBound(size)), '\0');
  block.resize(static_cast<std::size_t>(
      LZ4_compress_default(content.data(), block.data(), size, static_cast<int>(block.size()))));
  return raw<std::uint32_t>({raw_size}) + block;
}
inline std::string lz4(const std::string& content) {
  return lz4(content, static_cast<std::uint32_t>(content.size()));
}

/// `raw_size` may be a lie.
inline std::string zstd(const std::string& content, std::uint64_t raw_size) {
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), 1));
  return raw<std::uint64_t>({raw_size}) + frame;
}
inline std::string zstd(const std::string& content) { return zstd(content, content.size()); }

}  // namespace lancekeep::lance
