// SPDX-License-Identifier: Apache-2.0
// CRC-32 as zip uses it (polynomial 0x04C11DB7, reflected). Each Crc32 belongs to one thread.
//
// Processes sixteen bytes per step: table k gives the effect of a byte on the checksum k bytes
// later, and the effect of sixteen bytes is the xor of their single effects.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace lancekeep::formats {

class Crc32 {
 public:
  void add(std::span<const std::byte> bytes) noexcept;
  /// Returns the checksum of all bytes added so far.
  [[nodiscard]] std::uint32_t value() const noexcept { return ~state_; }

 private:
  static constexpr std::uint32_t kPolynomial = 0xEDB88320;  // the polynomial with its bits reversed
  static constexpr std::size_t kStep = 16;
  using Tables = std::array<std::array<std::uint32_t, 256>, kStep>;

  static constexpr Tables make_tables();
  static const Tables kTables;

  std::uint32_t state_ = 0xFFFFFFFF;
};

constexpr Crc32::Tables Crc32::make_tables() {
  Tables tables = {};
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

inline constexpr Crc32::Tables Crc32::kTables = Crc32::make_tables();

inline void Crc32::add(std::span<const std::byte> bytes) noexcept {
  static_assert(std::endian::native == std::endian::little, "the state is xored into the bytes");
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
