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

}  // namespace lancekeep::lance
