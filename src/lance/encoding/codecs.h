// SPDX-License-Identifier: Apache-2.0
// The codecs that Lance's encodings are made of: bit-packing, run lengths, FSST, and LZ4 and zstd.
// They turn bytes into bytes and know nothing of pages, rows or nulls. All throw Error corrupt,
// with the file and offset of their input, and bound what they allocate. The functions have no
// state, and a SymbolTable is immutable, so any thread may use them.
#pragma once

#include "io/byte_view.h"
#include "lance/encoding/compression.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace lancekeep::lance {

// Bit-packing in FastLanes order: 1024 values of T bits, of which W are kept, in 1024 * W / T
// words. L = 1024 / T lanes are interleaved: word k of a lane is word k * L + lane. Row r of a lane
// starts at bit r * W of the lane, and is the value at index order[r / 8] * 16 + (r % 8) * 128 +
// lane, where order = 0 4 2 6 1 5 3 7.

inline constexpr std::uint64_t kPackedValues = 1024;

/// Appends `count` values of `bits` (8, 16, 32 or 64). `buffer`: one word that holds W, then at
/// most one block of 1024 packed values.
void append_inline_bitpacked(const io::ByteView& buffer, std::uint32_t bits, std::uint64_t count,
                             std::vector<std::byte>& out);

/// Appends `count` values of `bits`, packed to `packed_bits` (0: all values are 0). `buffer`: a
/// packed block per 1024 values. The values of an incomplete last block are not packed if the
/// buffer has exactly their unpacked size left.
void append_out_of_line_bitpacked(const io::ByteView& buffer, std::uint32_t bits,
                                  std::uint64_t packed_bits, std::uint64_t count,
                                  std::vector<std::byte>& out);

/// Appends `count` values of `width` bytes (1, 2, 4 or 8). `lengths` has a byte for each of
/// `values`: how often it repeats. A run of more than 255 takes several entries.
void append_runs(const io::ByteView& values, const io::ByteView& lengths, std::uint32_t width,
                 std::uint64_t count, std::vector<std::byte>& out);

/// FSST: strings as one-byte codes for symbols of up to 8 bytes.
///
/// The table, which is in the page's metadata: u64 header (0x46535354 in the high half; bit 24:
/// values are compressed; low byte: n), n symbols of 8 bytes each, n lengths of one byte each. Code
/// 255 is an escape: the byte after it is literal.
class SymbolTable {
 public:
  explicit SymbolTable(const io::ByteView& table);

  /// False if values are stored uncompressed.
  [[nodiscard]] bool compresses() const { return compresses_; }
  /// Appends the bytes that `codes` encode, at most 8 per code. Errors name the file and offset of
  /// `page`.
  void append(std::span<const std::byte> codes, const io::ByteView& page,
              std::vector<std::byte>& out) const;

 private:
  bool compresses_ = false;
  unsigned size_ = 0;
  std::array<std::array<std::byte, 8>, 255> symbols_{};
  std::array<std::uint8_t, 255> lengths_{};
};

/// Decompresses `buffer`: the raw size (u32 for LZ4, u64 for zstd), then an LZ4 block or a zstd
/// frame. The result owns its bytes. Before anything is allocated, the raw size is compared with
/// `max_bytes` and with the most that the compressed bytes can decompress to.
[[nodiscard]] io::ByteView decompress(const io::ByteView& buffer, GeneralScheme scheme,
                                      std::uint64_t max_bytes);

}  // namespace lancekeep::lance
