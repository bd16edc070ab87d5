// SPDX-License-Identifier: Apache-2.0
// A column of number lists in bulk: all values into memory that the caller has, no object per value
// or list. For `list`, `large_list` and `fixed_size_list` of fixed-width values, nested in no
// struct and no other list; and for plain numbers, which are lists of one.
//
//   const ListColumn column = ListColumn::open(file, index, rows, max_values);
//   std::vector<double> values(column.values());
//   const ListRows rows = column.decode(std::as_writable_bytes(std::span(values)), 2);
//   // row r has values[rows.offsets[r]] up to values[rows.offsets[r + 1]]
//
// Or piece by piece, for whoever makes something else of them: decode_pieces().
// Borrows the DataFileReader. Immutable; any number of threads may decode it.
#pragma once

#include "lance/file/data_file_reader.h"

#include <functional>
#include <span>

namespace lancekeep::lance {

/// Which values belong to which row.
struct ListRows {
  std::vector<std::uint64_t> offsets;     ///< rows + 1, in values; a null row has none
  std::vector<std::uint8_t> row_valid;    ///< one 0 or 1 per row; empty: all are valid
  std::vector<std::uint8_t> value_valid;  ///< one per value; empty: all are valid; nulls are zeros
};

/// Values of one row, all of them or some.
struct ListPiece {
  std::uint64_t row = 0;
  std::uint64_t first = 0;  ///< of its values, where the piece begins
  std::uint64_t at = 0;     ///< the same among all values of the column
  std::span<const std::byte> values;
};
using PieceSink = std::function<void(const ListPiece& piece)>;

class ListColumn {
 public:
  /// Reads what pages say of themselves, and no values. Throws corrupt where the column has other
  /// than `expected_rows` rows, or more than `max_values` values; unsupported where values are no
  /// numbers of a fixed width.
  static ListColumn open(const DataFileReader& file, std::uint32_t column,
                         std::uint64_t expected_rows, std::uint64_t max_values);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  /// At most `max_values`. As pages claim it, held against what their chunks can hold: allocate by
  /// it within a budget.
  [[nodiscard]] std::uint64_t values() const { return values_; }
  /// Whole bytes, 32 at most.
  [[nodiscard]] std::uint32_t value_bits() const { return value_bits_; }

  /// `values` must be values() of value_bits(). Uses up to `threads` threads, which are gone when
  /// it returns.
  [[nodiscard]] ListRows decode(std::span<std::byte> values, unsigned threads) const;
  /// Hands all values to `sink`, which several threads call at once, and which may see null rows
  /// and values as zeros. A page of them per thread is held, no more.
  [[nodiscard]] ListRows decode_pieces(unsigned threads, const PieceSink& sink) const;

 private:
  /// Where a page's items go.
  struct Part {
    const Page* page = nullptr;
    std::size_t index = 0;  ///< of the page in its column
    std::uint64_t first_row = 0;
    std::uint64_t first_item = 0;
    std::uint64_t items = 0;
  };

  explicit ListColumn(const DataFileReader& file) : file_(&file) {}
  void inspect(std::uint32_t column, std::uint64_t max_values);
  void add_part(const PageContent& content, const Page& page);
  using DecodePart = std::function<Array(const Part& part)>;
  [[nodiscard]] ListRows decode_parts(unsigned threads, const DecodePart& decode) const;
  [[nodiscard]] Array decode_part(const Part& part, std::span<std::byte> items) const;
  [[nodiscard]] Array hand_out(const Part& part, const PieceSink& sink) const;

  const DataFileReader* file_;
  std::uint32_t column_ = 0;  ///< the one with the items
  bool is_v2_0_ = false;
  Array lists_;  ///< format 2.0: the lists, which are a column of their own
  std::uint64_t rows_ = 0;
  std::uint64_t items_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t max_items_ = 0;
  std::uint32_t item_bits_ = 0;
  std::uint32_t value_bits_ = 0;
  std::uint64_t dimension_ = 1;
  std::vector<Part> parts_;
};

}  // namespace lancekeep::lance
