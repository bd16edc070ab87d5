// SPDX-License-Identifier: Apache-2.0
// Mini-block pages: small values in chunks, each chunk with its own levels and value buffers.
//
// Buffer 0 has an entry per chunk, u16 (format 2.2: u32): the low 4 bits are log2 of its items (0
// in the last chunk, which has all remaining items); the other bits are its bytes / 8 - 1. Buffer 1
// has the chunks, each:
//   u16 levels | [u16 bytes of rep] | [u16 bytes of def] | per value buffer u16 (2.2: u32) bytes |
//   pad | rep | pad | def | pad | each value buffer | pad (each pad goes to a multiple of 8 bytes)
// The next buffers are the dictionary, if the page has one, and the repetition index, which is
// needed only for random access.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/page_input.h"
#include "lance/encoding/page_layout.h"

namespace lancekeep::lance {

/// The whole page, rows and nulls included. @throws Error corrupt, or unsupported.
[[nodiscard]] Array decode_mini_block_page(const MiniBlockLayout& layout, const PageInput& page);
/// The number of items that the page declares, checked against the capacity of its chunks.
[[nodiscard]] std::uint64_t count_mini_block_items(const MiniBlockLayout& layout,
                                                   const PageInput& page);

}  // namespace lancekeep::lance
