// SPDX-License-Identifier: Apache-2.0
// Reads a Lance data file of format 2.0 to 2.2 (footer, column metadata, pages) from memory-mapped
// or buffered bytes. Immutable once opened, so any number of threads may read it. Keeps the bytes
// alive.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/column_metadata.h"
#include "lance/proto/manifest.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

class DataFileReader {
 public:
  /// Reads footer, tables and column metadata, but no page. @throws Error corrupt; unsupported for
  /// a file of format 0.1 or 2.3, with instructions to convert it.
  static DataFileReader open(io::ByteView file);

  [[nodiscard]] FormatVersion version() const { return version_; }
  [[nodiscard]] const FileDescriptor& descriptor() const { return descriptor_; }
  [[nodiscard]] const std::vector<ColumnMetadata>& columns() const { return columns_; }
  [[nodiscard]] const io::ByteView& bytes() const { return file_; }

  /// Decodes all pages of a column. Throws corrupt if the column does not have `expected_rows`
  /// rows, or has more than `max_items` items. The items of a blob column are descriptors of 128
  /// bits, (u64 position, u64 size), which are null if the value is null. In format 2.0 the items
  /// of a list column are in another column; they are included. find_column() returns the column to
  /// read.
  ///
  /// Memory is bounded: for items of at most 256 bits by `max_items`; for wider items and strings
  /// by 8 times the file's size, plus 256 MiB for values that a page stores once and repeats.
  [[nodiscard]] Array read_column(std::uint32_t column, std::uint64_t expected_rows,
                                  std::uint64_t max_items) const;

  /// A column's metadata; throws corrupt if the file has fewer columns.
  [[nodiscard]] const ColumnMetadata& column(std::uint32_t column) const;
  /// The field of a column; null if the fields of the schema do not match the columns.
  [[nodiscard]] const Field* field(std::uint32_t column) const;
  /// The lists of a column that has_lists_only(), without their items.
  [[nodiscard]] Array read_lists(std::uint32_t column, std::uint64_t expected_rows,
                                 std::uint64_t max_items) const;
  /// Whether this is a list column of format 2.0: its items are the next column.
  [[nodiscard]] bool has_lists_only(std::uint32_t column) const;

 private:
  void read_pages(std::uint32_t column, std::uint64_t expected_rows, std::uint64_t max_items,
                  Array& array) const;

  io::ByteView file_;
  FormatVersion version_;
  FileDescriptor descriptor_;
  std::vector<ColumnMetadata> columns_;
  std::vector<std::size_t> fields_;  ///< per column, the index of its field in the descriptor
};

/// Throws corrupt unless the pages of `column` have `expected_rows` rows in total.
void check_rows(const ColumnMetadata& column, std::uint64_t expected_rows);

/// The reason why read_column() cannot decode the column, without file and offset; empty if it can.
/// Checks only the encodings of pages and decodes no values.
[[nodiscard]] std::string why_unreadable(const DataFileReader& file, std::uint32_t column);

/// The encoding of a page in words: "mini-block, layers 1, …". `version` is the file's.
[[nodiscard]] std::string describe_encoding(const Page& page, FormatVersion version);

/// The field of each column, as a path: "value.item"; empty if the schema does not say.
[[nodiscard]] std::vector<std::string> column_names(const DataFileReader& file);

}  // namespace lancekeep::lance
