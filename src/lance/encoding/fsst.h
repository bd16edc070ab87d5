// SPDX-License-Identifier: Apache-2.0
// FSST: strings as one-byte codes for symbols of up to 8 bytes; the table stands in the page's
// metadata.
//
// Table: u64 header (0x46535354 in the high half; bit 24: values are compressed; low byte: n), n
// symbols of 8 bytes each, n lengths of one byte. Code 255 says that the next byte stands for
// itself.
#pragma once

#include "io/byte_view.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace lancekeep::lance {

class SymbolTable {
 public:
  /// @throws Error corrupt.
  explicit SymbolTable(const io::ByteView& table);

  /// False: values lie in the page as they are.
  [[nodiscard]] bool compresses() const { return compresses_; }
  /// Appends what `codes` stand for: at most 8 bytes for each. Errors name the place of `page`.
  void append(std::span<const std::byte> codes, const io::ByteView& page,
              std::vector<std::byte>& out) const;

 private:
  bool compresses_ = false;
  unsigned size_ = 0;
  std::array<std::array<std::byte, 8>, 255> symbols_{};
  std::array<std::uint8_t, 255> lengths_{};
};

}  // namespace lancekeep::lance
