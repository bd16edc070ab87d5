// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_reader.h"

#include "io/checked_math.h"
#include "io/error_text.h"
#include "lance/file/column_type.h"
#include "lance/file/footer.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

void check_rows(const ColumnMetadata& column, std::uint64_t expected_rows) {
  std::uint64_t rows = 0;
  for (const Page& page : column.pages) {
    const auto sum = io::checked_add(rows, page.rows);
    if (!sum) column.encoding.fail("a column's pages have more than 2^64 rows");
    rows = *sum;
  }
  if (rows != expected_rows) {
    column.encoding.fail(fmt::format("a column has {} rows, expected {}", rows, expected_rows));
  }
}

}  // namespace

DataFileReader DataFileReader::open(io::ByteView file) {
  const Footer footer = decode_footer(file);
  DataFileReader reader;
  reader.version_ = footer.version;
  reader.descriptor_ = decode_file_descriptor(footer.global_buffers.front());
  reader.columns_.reserve(footer.columns.size());
  for (const io::ByteView& column : footer.columns)
    reader.columns_.push_back(decode_column_metadata(column));
  reader.file_ = std::move(file);
  return reader;
}

Array DataFileReader::read_column(std::uint32_t column, std::uint64_t expected_rows,
                                  std::uint64_t max_items) const {
  if (version_ == FormatVersion{2, 0}) {
    file_.fail(
        ErrorCode::unsupported,
        "the data file has format 2.0; this build reads columns of 2.1 and 2.2; rewrite the "
        "dataset with "
        "lance.write_dataset(lance.dataset(old).to_table(), new, data_storage_version=\"2.1\")");
  }
  if (column >= columns_.size()) {
    file_.fail(fmt::format("column {} is asked for, but the file has {}", column, columns_.size()));
  }
  const ColumnMetadata& metadata = columns_[column];
  check_rows(metadata, expected_rows);
  Array array = empty_column(descriptor_, column, columns_.size());
  for (std::size_t index = 0; index < metadata.pages.size(); ++index) {
    try {
      decode_page(file_, metadata.pages[index], max_items, array);
    } catch (const Error& error) {
      throw io::with_text(error,
                          fmt::format("column {}, page {}: {}", column, index, io::text_of(error)));
    }
  }
  if (!array.has_type()) set_type(array, 0);
  return array;
}

}  // namespace lancekeep::lance
