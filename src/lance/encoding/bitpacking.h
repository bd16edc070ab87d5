// SPDX-License-Identifier: Apache-2.0
// Bit-packing in FastLanes order: 1024 values of T bits, W of which are kept, as 1024 * W / T
// words.
//
// L = 1024 / T lanes lie side by side; word k of a lane is word k * L + lane. Row r of a lane
// starts at its bit r * W, and is the value at index order[r / 8] * 16 + (r % 8) * 128 + lane,
// order = 0 4 2 6 1 5 3 7.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <vector>

namespace lancekeep::lance {

inline constexpr std::uint64_t kPackedValues = 1024;

/// Appends `count` values of `bits` (8, 16, 32 or 64). `buffer`: one word that says W, then at most
/// one packed 1024.
void append_inline_bitpacked(const io::ByteView& buffer, std::uint32_t bits, std::uint64_t count,
                             std::vector<std::byte>& out);

/// Appends `count` values of `bits`, packed to `packed_bits` (0: all values are 0). `buffer`: per
/// 1024 values one packed 1024; the values that remain are raw where exactly so many bytes are
/// left, else packed.
void append_out_of_line_bitpacked(const io::ByteView& buffer, std::uint32_t bits,
                                  std::uint64_t packed_bits, std::uint64_t count,
                                  std::vector<std::byte>& out);

}  // namespace lancekeep::lance
