// SPDX-License-Identifier: Apache-2.0
// Decodes values of any encoding from the two forms in which Lance stores them: the buffers of a
// mini-block chunk, or a block, which is one buffer for all values (levels, dictionaries).
//
// Values are appended to Array::data, with offsets and item count; this file knows nothing of rows
// and lists. All functions throw Error corrupt, or unsupported.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/codecs.h"
#include "lance/encoding/compression.h"

#include <cstdint>
#include <span>

namespace lancekeep::lance {

/// An array without items, of the type that `compression` declares.
[[nodiscard]] Array empty_values(const Compression& compression);

/// Appends the `count` items of a mini-block chunk. Decompresses no more bytes than the items need,
/// and at most `max_bytes` of strings.
void append_chunk_values(const Compression& compression, std::span<const io::ByteView> buffers,
                         std::uint64_t count, std::uint64_t max_bytes, Array& values);

/// The `count` values of a block, with the same limits.
[[nodiscard]] Array decode_block(const Compression& compression, const io::ByteView& block,
                                 std::uint64_t count, std::uint64_t max_bytes);

/// Appends the dictionary's items at `indices` (of `index_bits` each). Throws corrupt for an index
/// beyond the dictionary, or if strings would take more than `max_bytes` in total.
void append_dictionary_values(const Array& dictionary, const io::ByteView& page,
                              std::uint32_t index_bits, std::span<const std::byte> indices,
                              std::uint64_t max_bytes, Array& values);

/// The width of a variable encoding's offsets; throws unsupported unless they are flat 32 or 64.
[[nodiscard]] std::uint32_t offset_bits(const Compression& variable);

/// Appends the `count` variable-width items of a chunk's buffer: count + 1 offsets, relative to the
/// buffer's start, then the bytes. Bytes between the offsets and the first value are skipped.
/// `symbols` is null without FSST.
void append_variable_chunk(const io::ByteView& buffer, std::uint32_t bits, std::uint64_t count,
                           const SymbolTable* symbols, Array& values);

/// Appends the `count` variable-width items of a block: the offsets' width, the position of the
/// bytes, count + 1 offsets relative to that position, the bytes. The first two are numbers of
/// `bits`, like the offsets.
void append_variable_block(const io::ByteView& block, std::uint32_t bits, std::uint64_t count,
                           Array& values);

}  // namespace lancekeep::lance
