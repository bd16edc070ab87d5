// SPDX-License-Identifier: Apache-2.0
// The ColumnMetadata message: the pages of one column of a data file, and where their buffers are.
// A data file has one such message per column, after all pages. Plain values; `encoding` keeps the
// bytes that it was decoded from alive.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

struct PageBuffer {
  std::uint64_t offset = 0;  ///< in the data file
  std::uint64_t size = 0;    ///< in bytes
};

struct Page {
  std::vector<PageBuffer> buffers;
  std::uint64_t rows = 0;
  std::uint64_t first_row = 0;  ///< Lance calls it "priority"
  std::string type_url;         ///< message type of `encoding`
  io::ByteView encoding;        ///< a PageLayout message; in format 2.0 an ArrayEncoding
};

struct ColumnMetadata {
  std::string type_url;
  io::ByteView encoding;
  std::vector<Page> pages;  ///< in row order
};

/// @throws Error corrupt; unsupported if an encoding is stored outside the message.
[[nodiscard]] ColumnMetadata decode_column_metadata(const io::ByteView& message);
[[nodiscard]] std::string encode_column_metadata(const ColumnMetadata& column);

}  // namespace lancekeep::lance
