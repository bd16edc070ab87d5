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
  /// position, u64 size), null where the value is.
  [[nodiscard]] Array read_column(std::uint32_t column, std::uint64_t expected_rows,
                                  std::uint64_t max_items) const;

 private:
  io::ByteView file_;
  FormatVersion version_;
  FileDescriptor descriptor_;
  std::vector<ColumnMetadata> columns_;
};

}  // namespace lancekeep::lance
