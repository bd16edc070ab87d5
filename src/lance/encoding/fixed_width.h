// SPDX-License-Identifier: Apache-2.0
// Fixed-width values: flat, byte stream split, and the dispatch to run-length and bit-packing.
#pragma once

#include "lance/encoding/compression.h"

#include <span>

namespace lancekeep::lance {

/// Appends the `count` values of a mini-block chunk.
void append_fixed_chunk(const Compression& compression, std::span<const io::ByteView> buffers,
                        std::uint64_t count, std::vector<std::byte>& out);

/// Appends `count` bits, the lowest of a byte first, as bytes of 0 and 1.
void append_validity(const io::ByteView& bitmap, std::uint64_t count,
                     std::vector<std::uint8_t>& valid);

/// What `count` values take at most, however they are encoded, before general compression.
[[nodiscard]] std::uint64_t most_fixed_bytes(const Compression& compression, std::uint64_t count);

/// The `count` values of a block. The caller has bounded `count`.
[[nodiscard]] std::vector<std::byte> decode_fixed_block(const Compression& compression,
                                                        const io::ByteView& block,
                                                        std::uint64_t count);

/// The buffer at `index` of a chunk; throws corrupt where it has fewer.
[[nodiscard]] const io::ByteView& chunk_buffer(const Compression& compression,
                                               std::span<const io::ByteView> buffers,
                                               std::size_t index);

}  // namespace lancekeep::lance
