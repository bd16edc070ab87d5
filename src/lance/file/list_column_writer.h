// SPDX-License-Identifier: Apache-2.0
// Writes a column of lists of 64-bit items, such as list<double>, into a data file: the items of
// all its rows, one after another, in pieces of any size. Holds no item; a list may be of any
// length.
//
//   ListColumnWriter column(file, 0, {3, 0, 1'000'000});  // lengths of the lists
//   column.write(items);                                  // as often as it takes
//   column.finish();
#pragma once

#include "lance/encoding/list_page_encoder.h"
#include "lance/file/data_file_writer.h"

#include <optional>
#include <span>
#include <vector>

namespace lancekeep::lance {

/// Uses the file while it lives; until finish(), nothing else may be written there.
class ListColumnWriter {
 public:
  /// Column `column` of the file, which is to have one list for each of `lengths`.
  ListColumnWriter(DataFileWriter& file, std::size_t column, std::vector<std::uint64_t> lengths);

  /// The next items, or parts of one. @throws Error invalid_argument for more than there are.
  void write(std::span<const std::byte> items);
  /// @throws Error invalid_argument where items are missing.
  void finish();

 private:
  void start_page();
  void end_page();

  DataFileWriter& file_;
  const std::size_t column_;
  const std::vector<std::uint64_t> lengths_;
  std::size_t next_row_ = 0;               // that is in no page yet
  std::optional<ListPageEncoder> page_;    // at hand
  std::uint64_t page_rows_ = 0;            // of it
  std::uint64_t chunks_at_ = 0;            // where its chunks start in the file
  std::uint64_t chunk_bytes_missing_ = 0;  // of the chunk at hand
};

}  // namespace lancekeep::lance
