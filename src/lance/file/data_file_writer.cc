// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_writer.h"

#include <lancekeep/error.h>

#include "lance/encoding/page_layout.h"
#include "lance/file/footer.h"

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace lancekeep::lance {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::uint64_t kPageAlignment = 64;  // pylance 14 rejects other offsets of page buffers
constexpr char kColumnEncodingUrl[] = "/lance.encodings.ColumnEncoding";

template <typename T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// ColumnEncoding.values = 1, an empty message, since each page records its own encoding.
std::string values_encoding() {
  std::string out;
  protozero::pbf_writer(out).add_message(1, std::string());
  return out;
}

constexpr std::uint64_t kItemBytes = 8;
// 8 MiB, as in pylance: a row that would exceed it starts a new page. Readers can then decode
// several pages at once, and find a row without reading much of a table.
constexpr std::uint64_t kPageItems = 1 << 20;

}  // namespace

std::uint64_t DataFileWriter::align(std::uint64_t alignment) {
  static constexpr std::byte kZeros[4096] = {};
  const std::uint64_t gap = (alignment - position() % alignment) % alignment;
  for (std::uint64_t left = gap; left > 0;) {
    const std::uint64_t step = std::min<std::uint64_t>(left, sizeof(kZeros));
    write(std::span(kZeros).first(step));
    left -= step;
  }
  return position();
}

void DataFileWriter::write(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() >= kBufferBytes) return file_.write(bytes);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void DataFileWriter::flush() {
  if (buffer_.empty()) return;
  file_.write(buffer_);
  buffer_.clear();
}

void DataFileWriter::add_page(std::size_t column, const EncodedPage& encoded) {
  std::vector<PageBuffer> buffers;
  for (const std::string& buffer : encoded.buffers) buffers.push_back(write_buffer(buffer));
  add_page(column, encoded.rows, encoded.layout, std::move(buffers));
}

void DataFileWriter::add_page(std::size_t column, std::uint64_t rows, const std::string& layout,
                              std::vector<PageBuffer> buffers) {
  if (column >= columns_.size()) columns_.resize(column + 1);
  auto& pages = columns_[column].pages;
  Page page{.buffers = std::move(buffers), .rows = rows, .type_url = std::string(kPageLayoutUrl)};
  if (!pages.empty()) page.first_row = pages.back().first_row + pages.back().rows;
  page.encoding = io::ByteView::of(layout, {});
  pages.push_back(std::move(page));
}

std::uint64_t DataFileWriter::start_buffer() { return align(kPageAlignment); }

PageBuffer DataFileWriter::write_buffer(std::string_view buffer) {
  const std::uint64_t offset = start_buffer();
  write_text(buffer);
  return {offset, buffer.size()};
}

// descriptor | column metadata (A) | column table (B) | global buffer table (C) | footer (40 bytes)
std::uint64_t DataFileWriter::finish(const FileDescriptor& descriptor) {
  std::string buffer_table, column_table, footer;
  const std::string encoded_descriptor = encode_file_descriptor(descriptor);
  append(buffer_table, align(kPageAlignment));
  append(buffer_table, std::uint64_t{encoded_descriptor.size()});
  write_text(encoded_descriptor);

  append(footer, position());
  for (ColumnMetadata& column : columns_) {
    column.type_url = kColumnEncodingUrl;
    column.encoding = io::ByteView::of(values_encoding(), {});
    const std::string encoded = encode_column_metadata(column);
    append(column_table, position());
    append(column_table, std::uint64_t{encoded.size()});
    write_text(encoded);
  }
  append(footer, position());
  write_text(column_table);
  append(footer, position());
  write_text(buffer_table);

  append(footer, std::uint32_t{1});  // global buffers
  append(footer, static_cast<std::uint32_t>(columns_.size()));
  append(footer, static_cast<std::uint16_t>(kWrittenFormat.major));
  append(footer, static_cast<std::uint16_t>(kWrittenFormat.minor));
  footer += kLanceMagic;
  write_text(footer);
  flush();
  return file_.position();
}

ListColumnWriter::ListColumnWriter(DataFileWriter& file, std::size_t column,
                                   std::vector<std::uint64_t> lengths)
    : file_(file), column_(column), lengths_(std::move(lengths)) {
  start_page();
}

// Empty lists have pages of their own, so that no other page needs definition levels.
void ListColumnWriter::start_page() {
  while (next_row_ < lengths_.size() && lengths_[next_row_] == 0) {
    const auto first = lengths_.begin() + static_cast<std::ptrdiff_t>(next_row_);
    const auto end = std::find_if(first, lengths_.end(), [](std::uint64_t n) { return n > 0; });
    const EncodedPage page = encode_empty_lists(static_cast<std::uint64_t>(end - first));
    file_.add_page(column_, page);
    next_row_ += page.rows;
  }
  if (next_row_ == lengths_.size()) return;
  std::uint64_t items = lengths_[next_row_];
  std::size_t end = next_row_ + 1;
  while (end < lengths_.size() && lengths_[end] > 0 &&
         lengths_[end] <= kPageItems - std::min(items, kPageItems)) {
    items += lengths_[end++];
  }
  page_rows_ = end - next_row_;
  page_.emplace(std::span(lengths_).subspan(next_row_, page_rows_));
  next_row_ = end;
  chunks_at_ = file_.start_buffer();
}

void ListColumnWriter::end_page() {
  const PageBuffer chunks{chunks_at_, file_.position() - chunks_at_};
  const PageBuffer table = file_.write_buffer(page_->chunk_table());
  const PageBuffer index = file_.write_buffer(page_->repetition_index());
  file_.add_page(column_, page_rows_, page_->layout(), {table, chunks, index});
  page_.reset();
  start_page();
}

void ListColumnWriter::write(std::span<const std::byte> items) {
  while (!items.empty()) {
    if (!page_) {
      throw Error(
          ErrorCode::invalid_argument,
          fmt::format("{} bytes more than the lists of the column have room for", items.size()));
    }
    if (chunk_bytes_left_ == 0) {
      chunk_bytes_left_ = page_->next_items() * kItemBytes;
      const std::string head = page_->next_head();
      file_.write(std::as_bytes(std::span(head)));
    }
    const auto part = items.first(std::min<std::uint64_t>(items.size(), chunk_bytes_left_));
    file_.write(part);
    items = items.subspan(part.size());
    chunk_bytes_left_ -= part.size();
    if (chunk_bytes_left_ == 0 && page_->next_items() == 0) end_page();
  }
}

void ListColumnWriter::finish() {
  if (!page_) return;
  throw Error(ErrorCode::invalid_argument, "the lists of a column have fewer items than declared");
}

}  // namespace lancekeep::lance
