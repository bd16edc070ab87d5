// SPDX-License-Identifier: Apache-2.0
// Variable-width values: offsets of 32 or 64 bits, then bytes; with FSST, bytes that stand for
// others.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/compression.h"
#include "lance/encoding/fsst.h"

namespace lancekeep::lance {

/// The width of a variable encoding's offsets; throws unsupported unless they are flat 32 or 64.
[[nodiscard]] std::uint32_t offset_bits(const Compression& variable);

/// Appends the `count` items of a chunk's buffer: count + 1 offsets, relative to the buffer's
/// start, then the bytes; what lies between the offsets and the first value is skipped. `symbols`:
/// null without FSST.
void append_variable_chunk(const io::ByteView& buffer, std::uint32_t bits, std::uint64_t count,
                           const SymbolTable* symbols, Array& values);

/// Appends the `count` items of a block: the offsets' width, where the bytes start, count + 1
/// offsets relative to that, the bytes. The first two are as wide as an offset.
void append_variable_block(const io::ByteView& block, std::uint32_t bits, std::uint64_t count,
                           Array& values);

}  // namespace lancekeep::lance
