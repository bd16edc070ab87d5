// SPDX-License-Identifier: Apache-2.0
// Fixed-width values: flat, byte stream split, bit-packed, run-length, fixed-size lists and packed
// structs of these. All functions throw Error corrupt, or unsupported.
#pragma once

#include "lance/encoding/compression.h"

#include <cstdint>
#include <span>
#include <vector>

namespace lancekeep::lance {

/// Appends the `count` values of a mini-block chunk.
void append_fixed_chunk(const Compression& compression, std::span<const io::ByteView> buffers,
                        std::uint64_t count, std::vector<std::byte>& out);

/// The `count` values of a block. The caller has bounded `count`.
[[nodiscard]] std::vector<std::byte> decode_fixed_block(const Compression& compression,
                                                        const io::ByteView& block,
                                                        std::uint64_t count);

/// The most bytes that `count` values can take in any encoding, before general compression.
[[nodiscard]] std::uint64_t max_encoded_bytes(const Compression& compression, std::uint64_t count);

/// Appends `count` bits, lowest bit of a byte first, as bytes of 0 and 1.
void append_validity(const io::ByteView& bitmap, std::uint64_t count,
                     std::vector<std::uint8_t>& valid);

/// Buffer `index` of a chunk; throws corrupt if the chunk has fewer.
[[nodiscard]] const io::ByteView& chunk_buffer(const Compression& compression,
                                               std::span<const io::ByteView> buffers,
                                               std::size_t index);

}  // namespace lancekeep::lance
