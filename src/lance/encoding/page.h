// SPDX-License-Identifier: Apache-2.0
// Column metadata and pages: what a data file's footer part says of each column.
#pragma once

#include "io/byte_view.h"
#include "lance/encoding/array.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

struct PageBuffer {
  std::uint64_t offset = 0;  ///< in the data file
  std::uint64_t size = 0;
};

struct Page {
  std::vector<PageBuffer> buffers;
  std::uint64_t rows = 0;
  std::uint64_t first_row = 0;  ///< "priority" in Lance's own words
  std::string type_url;         ///< which message `encoding` is
  io::ByteView encoding;
};

struct ColumnMetadata {
  std::string type_url;
  io::ByteView encoding;
  std::vector<Page> pages;
};

[[nodiscard]] ColumnMetadata decode_column_metadata(const io::ByteView& message);
[[nodiscard]] std::string encode_column_metadata(const ColumnMetadata& column);

/// Decodes one page of a file of format 2.1 or 2.2 and appends it to `out`. `file` is the whole
/// data file. Throws corrupt before `out` would hold more than `max_items` items, or more rows than
/// that.
void decode_page(const io::ByteView& file, const Page& page, std::uint64_t max_items, Array& out);

/// What a page holds, before it is decoded.
struct PageContent {
  std::uint64_t items = 0;
  std::uint32_t item_bits = 0;  ///< 0: variable, or nulls of no known type
  std::uint64_t dimension = 1;
};
[[nodiscard]] PageContent inspect_page(const io::ByteView& file, const Page& page,
                                       std::uint64_t max_items);

/// Like decode_page(), but the items go to `items`, which they must fill; the Array has no data.
/// Null items are zeros. For pages of fixed-width items.
[[nodiscard]] Array decode_page_into(const io::ByteView& file, const Page& page,
                                     std::uint64_t max_items, std::span<std::byte> items);

}  // namespace lancekeep::lance
