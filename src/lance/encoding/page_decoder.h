// SPDX-License-Identifier: Apache-2.0
// Decodes the pages of data files of format 2.1 and 2.2; v2_0/array_page.h does so for format 2.0.
// Free functions without state, so any number of threads may call them. `file` is the whole data
// file.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/column_metadata.h"

#include <cstdint>
#include <span>
#include <string>

namespace lancekeep::lance {

/// Decodes one page and appends it to `out`. Throws corrupt before `out` would hold more than
/// `max_items` items, or more than that many rows.
void decode_page(const io::ByteView& file, const Page& page, std::uint64_t max_items, Array& out);

/// The size of a page's items, as its layout declares it.
struct PageContent {
  std::uint64_t items = 0;
  std::uint32_t item_bits = 0;  ///< 0: variable width, or only nulls, whose type is unknown
  std::uint64_t dimension = 1;  ///< values per item; more than 1 for fixed-size lists
};

/// Decodes no values. Checks that the page's bytes can hold the number of items.
[[nodiscard]] PageContent inspect_page(const io::ByteView& file, const Page& page,
                                       std::uint64_t max_items);

/// Like decode_page(), but for a page of fixed-width items, which must exactly fill `items`; the
/// returned Array has no data. Null items are zeros.
[[nodiscard]] Array decode_page_into(const io::ByteView& file, const Page& page,
                                     std::uint64_t max_items, std::span<std::byte> items);

/// Marks blob descriptors that have size 0 and a position other than 0 as null. `descriptors` has
/// items of 128 bits: (u64 position, u64 size).
void mark_blob_nulls(Array& descriptors);

/// Throws unsupported, with the reason, if this build cannot decode the page, and corrupt if the
/// layout contradicts itself. Checks only the layout: a page that passes can still be damaged.
void require_decodable(const Page& page);

/// The page's layout in words: "mini-block, layers 1, …"; "?" if it cannot be decoded.
[[nodiscard]] std::string describe_encoding(const Page& page);

}  // namespace lancekeep::lance
