// SPDX-License-Identifier: Apache-2.0
// Decodes a column of number lists in bulk: all values go to the caller's memory, without an object
// per value or list. Reads columns of `list`, `large_list` and `fixed_size_list` of fixed-width
// values that are not nested in a struct or another list, and plain numbers as lists of one value.
//
//   const ListColumn column = ListColumn::open(file, index, rows, max_values);
//   std::vector<double> values(column.values());
//   const ListRows lists = column.decode(std::as_writable_bytes(std::span(values)), 2);
//   // row r has the values from lists.offsets[r] up to lists.offsets[r + 1]
//
// decode_pieces() instead passes the values page by page to a function, which can convert them.
// The DataFileReader must outlive the column. Immutable; any number of threads may decode it.
#pragma once

#include "lance/encoding/page_decoder.h"
#include "lance/file/data_file_reader.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace lancekeep::lance {

/// Which values belong to which row.
struct ListRows {
  std::vector<std::uint64_t> offsets;     ///< rows + 1, in values; a null row has no values
  std::vector<std::uint8_t> row_valid;    ///< one 0 or 1 per row; empty: all are valid
  std::vector<std::uint8_t> value_valid;  ///< one per value; empty: all are valid; nulls are zeros
};

/// Consecutive values of one row: some or all of its values.
struct ListPiece {
  std::uint64_t row = 0;
  std::uint64_t first = 0;  ///< index of the piece's first value in the row
  std::uint64_t at = 0;     ///< index of the same value in the column
  std::span<const std::byte> values;
};
using PieceSink = std::function<void(const ListPiece& piece)>;

class ListColumn {
 public:
  /// Reads the pages' encodings, but no values. Throws corrupt unless the column has
  /// `expected_rows` rows and at most `max_values` values; unsupported if values are not
  /// fixed-width numbers.
  static ListColumn open(const DataFileReader& file, std::uint32_t column,
                         std::uint64_t expected_rows, std::uint64_t max_values);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  /// At most `max_values`. The pages declare this number, and the only check is that their chunks
  /// can hold it, so allocate within a budget.
  [[nodiscard]] std::uint64_t values() const { return content_.items * content_.dimension; }
  /// A multiple of 8, at most 256.
  [[nodiscard]] std::uint32_t value_bits() const {
    return static_cast<std::uint32_t>(content_.item_bits / content_.dimension);
  }

  /// Fills `values`, which must have room for exactly values() values of value_bits() each. Uses up
  /// to `threads` threads, which have ended when it returns.
  /// @throws Error corrupt; invalid_argument if `values` has another size.
  [[nodiscard]] ListRows decode(std::span<std::byte> values, unsigned threads) const;
  /// Passes all values to `sink`, which several threads call at once. The values of null rows, and
  /// null values, are zeros. Holds one decoded page per thread.
  [[nodiscard]] ListRows decode_pieces(unsigned threads, const PieceSink& sink) const;

 private:
  /// A page and the position of its items in the column.
  struct Part {
    const Page* page = nullptr;
    std::size_t index = 0;  ///< of the page in its column
    std::uint64_t first_row = 0;
    std::uint64_t first_item = 0;
    std::uint64_t items = 0;
  };
  using DecodePart = std::function<Array(const Part& part)>;

  explicit ListColumn(const DataFileReader& file) : file_(&file) {}
  void inspect(std::uint32_t column);
  void add_part(const PageContent& content, const Page& page);
  [[nodiscard]] ListRows decode_parts(unsigned threads, const DecodePart& decode) const;
  [[nodiscard]] Array decode_part(const Part& part, std::span<std::byte> items) const;
  void emit_rows(const Part& part, const Array& page, const std::byte* items,
                 const PieceSink& sink) const;

  const DataFileReader* file_;
  std::uint32_t column_ = 0;  ///< the column that has the items
  Array lists_;               ///< format 2.0: the lists, which are the column before it
  std::uint64_t rows_ = 0;
  std::uint64_t max_items_ = 0;
  PageContent content_;  ///< of all pages together
  std::vector<Part> parts_;
};

}  // namespace lancekeep::lance
