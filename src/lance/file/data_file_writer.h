// SPDX-License-Identifier: Apache-2.0
// Writes a Lance data file of format 2.1 from front to back: values first, then pages, then the
// footer. What is written streams; beyond one buffer of 1 MiB and the pages' places, nothing is
// held.
#pragma once

#include "io/storage.h"
#include "lance/encoding/page.h"
#include "lance/encoding/page_encoder.h"
#include "lance/proto/manifest.h"

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

  /// Where the next byte will lie in the file.
  [[nodiscard]] std::uint64_t position() const { return file_.position() + buffer_.size(); }
  /// Fills up with zeros to a multiple of `alignment`; returns position().
  std::uint64_t align(std::uint64_t alignment);
  void write(std::span<const std::byte> bytes);
  /// Hands what is buffered to the file, where it can be read.
  void flush();
  /// Appends a page to `column`; columns are numbered from 0.
  void add_page(std::size_t column, const EncodedPage& page);
  /// The same where the page's buffers are in the file already: see start_buffer(), place().
  /// `layout` is a PageLayout message.
  void add_page(std::size_t column, std::uint64_t rows, const std::string& layout,
                std::vector<PageBuffer> buffers);
  /// Starts a page buffer, for the caller to write(); returns its offset.
  std::uint64_t start_buffer();
  /// Writes a page buffer.
  PageBuffer place(std::string_view buffer);
  /// Writes metadata and footer, and returns the file's size. Syncing is the caller's.
  std::uint64_t finish(const FileDescriptor& descriptor);

 private:
  void write_text(std::string_view text) {
    write(std::as_bytes(std::span(text.data(), text.size())));
  }
  io::WritableFile& file_;
  std::vector<std::byte> buffer_;
  std::vector<ColumnMetadata> columns_;
};

/// Appends all rows of a column, page after page; `encode` is a function of page_encoder.h.
template <typename Row, typename Encode>
void add_pages(DataFileWriter& writer, std::size_t column, const std::vector<Row>& rows,
               Encode encode) {
  for (std::span<const Row> left(rows); !left.empty();) {
    const EncodedPage page = encode(left);
    writer.add_page(column, page);
    left = left.subspan(page.rows);
  }
}

}  // namespace lancekeep::lance
