// SPDX-License-Identifier: Apache-2.0
// Reads a Lance data file (2.0 up to 2.2; footer, column metadata, pages) from mapped or buffered
// bytes. Immutable once opened; any number of threads may read it. Keeps the bytes alive.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/page.h"
#include "lance/proto/manifest.h"

namespace lancekeep::lance {

class DataFileReader {
 public:
  /// Reads footer, tables and column metadata; no page. @throws Error corrupt, or unsupported (a
  /// file of format 0.1 or 2.3, with how to convert it).
  static DataFileReader open(io::ByteView file);

  [[nodiscard]] FormatVersion version() const { return version_; }
  [[nodiscard]] const FileDescriptor& descriptor() const { return descriptor_; }
  [[nodiscard]] const std::vector<ColumnMetadata>& columns() const { return columns_; }
  [[nodiscard]] const io::ByteView& bytes() const { return file_; }

  /// Decodes all pages of a column. Its rows must be `expected_rows`, and it must hold no more than
  /// `max_items` items, else corrupt. Blob columns give descriptors: items of 128 bits, (u64
  /// position, u64 size), null where the value is. At format 2.0 a list's column gives its items
  /// too, which are another column; find_column() knows which to ask for.
  ///
  /// Memory is bounded by what is at hand: items of 256 bits at most by `max_items`; wider ones,
  /// and texts, by 8 times the file and 256 MiB, which is for what a page says once and repeats.
  [[nodiscard]] Array read_column(std::uint32_t column, std::uint64_t expected_rows,
                                  std::uint64_t max_items) const;

  /// A column's metadata; throws corrupt where the file has fewer columns.
  [[nodiscard]] const ColumnMetadata& column(std::uint32_t column) const;
  /// The field that a column holds; nothing where the schema's fields are not the columns.
  [[nodiscard]] const Field* field(std::uint32_t column) const;
  /// The lists of a column that has_lists_only(), without their items.
  [[nodiscard]] Array read_lists(std::uint32_t column, std::uint64_t expected_rows,
                                 std::uint64_t max_items) const;
  /// Whether a column of format 2.0 has lists, the items of which are the next column.
  [[nodiscard]] bool has_lists_only(std::uint32_t column) const;

 private:
  void read_pages(std::uint32_t column, std::uint64_t expected_rows, std::uint64_t max_items,
                  Array& array) const;

  io::ByteView file_;
  FormatVersion version_;
  FileDescriptor descriptor_;
  std::vector<ColumnMetadata> columns_;
  std::vector<std::size_t> fields_;  ///< per column, where its field is in the descriptor
};

/// Throws corrupt unless the pages of `column` have `expected_rows` rows together.
void check_rows(const ColumnMetadata& column, std::uint64_t expected_rows);

}  // namespace lancekeep::lance
