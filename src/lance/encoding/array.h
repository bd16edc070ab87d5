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

/// Rows are items, or lists of items (`is_list`). Items have a fixed width (`item_bits`, a multiple
/// of 8) and lie in `data`; or a variable one (`item_bits` = 0), and `offsets` has one entry more
/// than there are items. A null row of a list column is an empty list; a null item is a zero or
/// empty one.
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

/// Gives an array that has no type yet its type; its null items become zeros, or empty.
void set_type(Array& array, std::uint32_t item_bits);

/// Zeroes null items, or makes them empty: what lies beneath a null is the writer's own business.
void clear_nulls(Array& array);

/// Appends a page to the pages before it; both are consistent on their own. Throws corrupt, at
/// `where`, unless they are of one type.
void append_array(Array& array, Array&& page, const io::ByteView& where);

}  // namespace lancekeep::lance
