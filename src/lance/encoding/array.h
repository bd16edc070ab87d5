// SPDX-License-Identifier: Apache-2.0
// One decoded column, or one page of it, laid out in memory as Arrow lays it out.
#pragma once

#include "io/byte_view.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace lancekeep::lance {

/// A struct or a list around the rows of an Array.
struct OuterLayer {
  bool is_list = false;
  std::uint64_t entries = 0;
  std::vector<std::uint8_t> valid;     ///< one 0 or 1 per entry; empty: all are valid
  std::vector<std::uint64_t> offsets;  ///< lists only: entries + 1, in entries of the next layer

  bool operator==(const OuterLayer&) const = default;
};

/// Rows are items, or lists of items (`is_list`). Items have a fixed width (`item_bits`, a multiple
/// of 8; a truth value is a byte) and lie in `data`; or a variable one (`item_bits` = 0), and
/// `offsets` has one entry more than there are items. A null row of a list column is an empty list;
/// a null item is a zero or empty one. An item of a fixed-size list is all its values, `dimension`
/// of them.
struct Array {
  std::uint64_t rows = 0;
  std::uint64_t items = 0;
  bool is_list = false;
  std::uint32_t item_bits = 0;
  std::vector<std::uint8_t> row_valid;      ///< one 0 or 1 per row; empty: all are valid
  std::vector<std::uint8_t> item_valid;     ///< lists only: one per item; empty: all are valid
  std::vector<std::uint64_t> list_offsets;  ///< lists only: rows + 1, in items
  std::vector<std::uint64_t> offsets;       ///< variable width only: items + 1, in bytes of data
  std::vector<std::byte> data;
  std::uint64_t dimension = 1;            ///< values of an item
  std::vector<std::uint8_t> value_valid;  ///< fixed-size lists: one per value; empty: all are valid
  std::vector<OuterLayer> outer;          ///< outermost first; empty for columns of plain rows

  /// Rows of the column: of the outermost layer.
  [[nodiscard]] std::uint64_t column_rows() const {
    return outer.empty() ? rows : outer.front().entries;
  }
  [[nodiscard]] bool is_null(std::uint64_t row) const {
    return !row_valid.empty() && row_valid[row] == 0;
  }
  /// Item `item` of a variable-width column (for columns without lists: of row `item`).
  [[nodiscard]] std::string_view text(std::uint64_t item) const {
    return {reinterpret_cast<const char*>(data.data()) + offsets[item],
            offsets[item + 1] - offsets[item]};
  }
  /// Item `item` of a fixed-width column; T must be `item_bits` wide.
  template <typename T>
  [[nodiscard]] T value(std::uint64_t item) const {
    T result;
    std::memcpy(&result, data.data() + item * sizeof(T), sizeof(T));
    return result;
  }
  /// False while there were only null items, of which pages do not say what they are; `data` and
  /// `offsets` are empty then. A column read by DataFileReader always says it: nulls of a type
  /// without a fixed width are empty texts.
  [[nodiscard]] bool has_type() const { return item_bits != 0 || !offsets.empty(); }
};

/// Gives an array that has no type yet its type; its null items become zeros, or empty. The caller
/// has bounded what they take (check_null_bytes).
void set_type(Array& array, std::uint32_t item_bits);

/// Throws corrupt where null items of `item_bits` would take more than `max_bytes`: no byte of the
/// file stands behind them. Items of 256 bits at most are bounded by their number.
void check_null_bytes(const Array& array, std::uint32_t item_bits, std::uint64_t max_bytes,
                      const io::ByteView& where);

/// Zeroes null items, or makes them empty: what lies beneath a null is the writer's own business.
void clear_nulls(Array& array);
/// Zeroes null items that lie in `items`, not in the array's own data.
void clear_nulls(const Array& array, std::span<std::byte> items);

/// Null items of a type that only other pages tell take this much at most.
inline constexpr std::uint64_t kMaxNullBytes = std::uint64_t{256} << 20;

/// Appends a page to the pages before it; both are consistent on their own. Throws corrupt, at
/// `where`, unless they are of one type.
void append_array(Array& array, Array&& page, const io::ByteView& where);

}  // namespace lancekeep::lance
