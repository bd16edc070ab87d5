// SPDX-License-Identifier: Apache-2.0
// One decoded column, or one page of it, in Arrow's memory layout. A plain value.
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

/// Rows are items, or lists of items (`is_list`). Fixed-width items have `item_bits`, a multiple of
/// 8 (a boolean takes a byte), and are in `data`. Variable-width items have `item_bits` 0, and
/// `offsets` has one entry more than there are items. An item of a fixed-size list is all of its
/// `dimension` values. A null row of a list column is an empty list; a null item is zero or empty.
///
/// Pages of nulls only do not say what type they have. Until a type is known (has_type() is false),
/// `item_bits` is 0, and `data` and `offsets` are empty.
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
  std::uint64_t dimension = 1;            ///< values per item
  std::vector<std::uint8_t> value_valid;  ///< fixed-size lists: one per value; empty: all are valid
  std::vector<OuterLayer> outer;          ///< outermost first; empty for columns of plain rows

  [[nodiscard]] bool is_null(std::uint64_t row) const {
    return !row_valid.empty() && row_valid[row] == 0;
  }
  /// Item `item` of a variable-width column (without lists: of row `item`).
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
  /// False while there are only nulls, whose type is unknown. Always true for a column that
  /// DataFileReader has read: nulls of no known fixed width become empty strings.
  [[nodiscard]] bool has_type() const { return item_bits != 0 || !offsets.empty(); }
};

/// Sets the type of an array that has none yet; its null items become zeros, or empty. The caller
/// has bounded the memory they take (check_null_bytes).
void set_type(Array& array, std::uint32_t item_bits);

/// Throws corrupt, at `where`, if null items of `item_bits` would take more than `max_bytes`: they
/// take no bytes in the file. Items of at most 256 bits are limited by their number instead.
void check_null_bytes(const Array& array, std::uint32_t item_bits, std::uint64_t max_bytes,
                      const io::ByteView& where);

/// Makes null items zeros, or empty: writers may leave any bytes there.
void clear_nulls(Array& array);
/// The same for fixed-width items that are in `items` instead of the array's data.
void clear_nulls(const Array& array, std::span<std::byte> items);

/// The most bytes for null items of a page that has no other items.
inline constexpr std::uint64_t kMaxNullBytes = std::uint64_t{256} << 20;

/// Appends a page to the pages before it. Throws corrupt, at `where`, if their types differ.
void append_array(Array& array, Array&& page, const io::ByteView& where);

}  // namespace lancekeep::lance
