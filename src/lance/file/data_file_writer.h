// SPDX-License-Identifier: Apache-2.0
// Writes a Lance data file of format 2.1 from front to back: values first, then pages, then the
// footer. Data is streamed: only a buffer of 1 MiB and the positions of the pages are in memory.
// One thread at a time.
#pragma once

#include "io/storage.h"
#include "lance/encoding/column_metadata.h"
#include "lance/encoding/page_encoder.h"
#include "lance/proto/manifest.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::lance {

inline constexpr FormatVersion kWrittenFormat{2, 1};

class DataFileWriter {
 public:
  /// `file` is new and empty, and outlives the writer.
  explicit DataFileWriter(io::WritableFile& file) : file_(file) {}

  /// The offset at which the next byte will be written.
  [[nodiscard]] std::uint64_t position() const { return file_.position() + buffer_.size(); }
  /// Writes zeros up to a multiple of `alignment`; returns position().
  std::uint64_t align(std::uint64_t alignment);
  void write(std::span<const std::byte> bytes);
  /// Writes the buffered bytes to the file, so that they can be read from it.
  void flush();
  /// Appends a page to `column`, whose number starts at 0.
  void add_page(std::size_t column, const EncodedPage& page);
  /// Appends a page whose buffers are already in the file: see start_buffer() and write_buffer().
  /// `layout` is a PageLayout message.
  void add_page(std::size_t column, std::uint64_t rows, const std::string& layout,
                std::vector<PageBuffer> buffers);
  /// Starts a page buffer, whose bytes the caller then writes with write(); returns its offset.
  std::uint64_t start_buffer();
  /// Writes a whole page buffer.
  PageBuffer write_buffer(std::string_view buffer);
  /// Writes metadata and footer, and returns the size of the file. The caller syncs the file.
  std::uint64_t finish(const FileDescriptor& descriptor);

 private:
  void write_text(std::string_view text) {
    write(std::as_bytes(std::span(text.data(), text.size())));
  }
  io::WritableFile& file_;
  std::vector<std::byte> buffer_;
  std::vector<ColumnMetadata> columns_;
};

/// Appends all rows of a column, page by page; `encode` is a function of page_encoder.h.
template <typename Row, typename Encode>
void add_pages(DataFileWriter& writer, std::size_t column, const std::vector<Row>& rows,
               Encode encode) {
  for (std::span<const Row> left(rows); !left.empty();) {
    const EncodedPage page = encode(left);
    writer.add_page(column, page);
    left = left.subspan(page.rows);
  }
}

/// Writes a column of lists of 64-bit items, such as list<double>. The caller gives the lengths of
/// all lists, then the items of all rows in pieces of any size. Holds no items, so lists can have
/// any length. Until finish(), nothing else may be written to the file.
///
///   ListColumnWriter column(file, 0, {3, 0, 1'000'000});
///   column.write(items);  // as often as needed
///   column.finish();
class ListColumnWriter {
 public:
  /// Starts column `column` of `file`, which outlives this writer.
  ListColumnWriter(DataFileWriter& file, std::size_t column, std::vector<std::uint64_t> lengths);

  /// Writes the next items, or part of one.
  /// @throws Error invalid_argument if these are more items than the lists have.
  void write(std::span<const std::byte> items);
  /// Ends the column. @throws Error invalid_argument if items are missing.
  void finish();

 private:
  void start_page();
  void end_page();

  DataFileWriter& file_;
  const std::size_t column_;
  const std::vector<std::uint64_t> lengths_;
  std::size_t next_row_ = 0;             // the first row after the current page
  std::optional<ListPageEncoder> page_;  // the current page
  std::uint64_t page_rows_ = 0;          // its rows
  std::uint64_t chunks_at_ = 0;          // the offset of its chunks in the file
  std::uint64_t chunk_bytes_left_ = 0;   // of the current chunk's items
};

}  // namespace lancekeep::lance
