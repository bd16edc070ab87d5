// SPDX-License-Identifier: Apache-2.0
// For tests: builds mini-block pages by hand.
#pragma once

#include "lance/encoding/encoding_testing.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// The parts of a chunk; chunk_bytes() adds their sizes.
struct TestChunk {
  std::uint16_t levels = 0;
  std::optional<std::string> rep;
  std::optional<std::string> def;
  std::vector<std::string> values;
  unsigned log_items = 0;  ///< 0 in the last chunk
};

inline std::string chunk_bytes(const TestChunk& chunk, bool large) {
  const auto size16 = [](const std::string& part) {
    return raw<std::uint16_t>({static_cast<std::uint16_t>(part.size())});
  };
  std::string bytes = raw<std::uint16_t>({chunk.levels});
  if (chunk.rep) bytes += size16(*chunk.rep);
  if (chunk.def) bytes += size16(*chunk.def);
  for (const std::string& part : chunk.values) {
    bytes += large ? raw<std::uint32_t>({static_cast<std::uint32_t>(part.size())}) : size16(part);
  }
  bytes = padded(std::move(bytes), 8);
  if (chunk.rep) bytes = padded(bytes + *chunk.rep, 8);
  if (chunk.def) bytes = padded(bytes + *chunk.def, 8);
  for (const std::string& part : chunk.values) bytes = padded(bytes + part, 8);
  return bytes;
}

/// `layout` is the body of a mini-block layout; `large` adds the field for large chunks.
inline TestPage mini_block(std::string layout, const std::vector<TestChunk>& chunks,
                           std::uint64_t rows, bool large = false) {
  TestPage page;
  page.rows = rows;
  page.buffers.resize(2);
  if (large) layout += varint(10, 1);
  page.layout = message(1, layout);
  for (const TestChunk& chunk : chunks) {
    const std::string bytes = chunk_bytes(chunk, large);
    const auto entry = static_cast<std::uint32_t>((bytes.size() / 8 - 1) << 4 | chunk.log_items);
    page.buffers[0] += large ? raw<std::uint32_t>({entry})
                             : raw<std::uint16_t>({static_cast<std::uint16_t>(entry)});
    page.buffers[1] += bytes;
  }
  return page;
}

/// Fields of a mini-block layout: how values are encoded, layers, value buffers and items.
inline std::string mini_block_layout(const std::string& values,
                                     std::initializer_list<std::uint64_t> codes,
                                     std::uint64_t buffers, std::uint64_t items) {
  return message(3, values) + layers(6, codes) + varint(7, buffers) + varint(9, items);
}

}  // namespace lancekeep::lance
