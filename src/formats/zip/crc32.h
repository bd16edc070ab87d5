// SPDX-License-Identifier: Apache-2.0
// CRC-32 as zip has it (polynomial 0x04C11DB7, reflected). A value; each object belongs to one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lancekeep::formats {

class Crc32 {
 public:
  void add(std::span<const std::byte> bytes) noexcept;
  /// Of all bytes added so far.
  [[nodiscard]] std::uint32_t value() const noexcept { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFF;
};

}  // namespace lancekeep::formats
