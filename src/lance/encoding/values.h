// SPDX-License-Identifier: Apache-2.0
// Decodes values from buffers, in the two forms that Lance has: the buffers of a mini-block chunk,
// and a block, one buffer that holds all there is (levels, dictionaries).
//
// Values are appended to Array::data (and offsets, items); rows and lists are none of this file's
// business.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/compression.h"

#include <span>

namespace lancekeep::lance {

/// An array of the type that `compression` gives, without items.
[[nodiscard]] Array empty_values(const Compression& compression);

/// Appends the `count` items of a mini-block chunk. Refuses to decompress more than they need, or
/// `max_bytes` of texts.
void append_chunk_values(const Compression& compression, std::span<const io::ByteView> buffers,
                         std::uint64_t count, std::uint64_t max_bytes, Array& values);

/// The `count` values of a block, of fixed or variable width, likewise.
[[nodiscard]] Array decode_block(const Compression& compression, const io::ByteView& block,
                                 std::uint64_t count, std::uint64_t max_bytes);

/// Appends items of a dictionary, chosen by `indices` (of `index_bits` each). Throws corrupt for an
/// index that the dictionary has not, or where texts of variable width would take more than
/// `max_bytes` in all.
void append_dictionary_values(const Array& dictionary, const io::ByteView& page,
                              std::uint32_t index_bits, std::span<const std::byte> indices,
                              std::uint64_t max_bytes, Array& values);

}  // namespace lancekeep::lance
