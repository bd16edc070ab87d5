// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_writer.h"

#include <protozero/pbf_writer.hpp>

#include <cstring>

namespace lancekeep::lance {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::uint64_t kPageAlignment = 64;  // pylance 14 refuses page buffers elsewhere
constexpr char kPageLayoutUrl[] = "/lance.encodings21.PageLayout";
constexpr char kColumnEncodingUrl[] = "/lance.encodings.ColumnEncoding";

template <typename T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// ColumnEncoding.values = 1, an empty message: the column is what its pages are.
std::string values_encoding() {
  std::string out;
  protozero::pbf_writer(out).add_message(1, std::string());
  return out;
}

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
  for (const std::string& buffer : encoded.buffers) buffers.push_back(place(buffer));
  add_page(column, encoded.rows, encoded.layout, std::move(buffers));
}

void DataFileWriter::add_page(std::size_t column, std::uint64_t rows, const std::string& layout,
                              std::vector<PageBuffer> buffers) {
  if (column >= columns_.size()) columns_.resize(column + 1);
  auto& pages = columns_[column].pages;
  Page page{.buffers = std::move(buffers), .rows = rows, .type_url = kPageLayoutUrl};
  if (!pages.empty()) page.first_row = pages.back().first_row + pages.back().rows;
  page.encoding = io::ByteView::of(layout, {});
  pages.push_back(std::move(page));
}

std::uint64_t DataFileWriter::start_buffer() { return align(kPageAlignment); }

PageBuffer DataFileWriter::place(std::string_view buffer) {
  const std::uint64_t offset = start_buffer();
  write_text(buffer);
  return {offset, buffer.size()};
}

// descriptor | column metadata (A) | their table (B) | global buffers' table (C) | footer of 40
// bytes
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
  footer += "LANC";
  write_text(footer);
  flush();
  return file_.position();
}

}  // namespace lancekeep::lance
