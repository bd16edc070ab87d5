// SPDX-License-Identifier: Apache-2.0
#include "io/random_id.h"

#include <lancekeep/error.h>

#include <fmt/format.h>

#include <sys/random.h>

namespace lancekeep::io {

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  // Up to 256 bytes are returned whole, and no signal interrupts that.
  if (::getrandom(&value, sizeof(value), 0) != static_cast<ssize_t>(sizeof(value))) {
    throw Error(ErrorCode::io, "the kernel returned no random numbers (getrandom)");
  }
  return value;
}

std::string random_uuid() {
  constexpr std::uint64_t kVersion4 = 0x4000;
  constexpr std::uint64_t kRfcVariant = std::uint64_t{2} << 62;
  const std::uint64_t high = (random_u64() & ~std::uint64_t{0xf000}) | kVersion4;
  const std::uint64_t low = (random_u64() & ~(std::uint64_t{3} << 62)) | kRfcVariant;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffff);
}

}  // namespace lancekeep::io
