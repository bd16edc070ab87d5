// SPDX-License-Identifier: Apache-2.0
// Sixteen bytes at a time: table k says what a byte does to the checksum k bytes after it, and what
// sixteen bytes do is the sum (xor) of what each does.
#include "formats/zip/crc32.h"

#include <array>
#include <bit>
#include <cstring>

namespace lancekeep::formats {
namespace {

constexpr std::uint32_t kPolynomial = 0xEDB88320;  // its bits in reverse
constexpr std::size_t kStep = 16;

using Table = std::array<std::uint32_t, 256>;

constexpr std::array<Table, kStep> make_tables() {
  std::array<Table, kStep> tables = {};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t state = byte;
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = state;
  }
  for (std::size_t k = 1; k < kStep; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<Table, kStep> kTables = make_tables();

static_assert(std::endian::native == std::endian::little, "the state is added to the first bytes");

}  // namespace

void Crc32::add(std::span<const std::byte> bytes) noexcept {
  std::uint32_t state = state_;
  for (; bytes.size() >= kStep; bytes = bytes.subspan(kStep)) {
    std::array<std::uint8_t, kStep> next;
    std::memcpy(next.data(), bytes.data(), kStep);
    std::uint32_t first;
    std::memcpy(&first, next.data(), sizeof first);
    first ^= state;
    std::memcpy(next.data(), &first, sizeof first);
    state = 0;
    for (std::size_t i = 0; i < kStep; ++i) state ^= kTables[kStep - 1 - i][next[i]];
  }
  for (const std::byte byte : bytes) {
    state = (state >> 8) ^ kTables[0][(state ^ static_cast<std::uint32_t>(byte)) & 0xFF];
  }
  state_ = state;
}

}  // namespace lancekeep::formats
