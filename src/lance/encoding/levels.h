// SPDX-License-Identifier: Apache-2.0
// Repetition and definition levels: how a flat run of items becomes rows, lists, nulls.
//
// Per level, repetition 1 starts a row and 0 continues a list. Definition 0 is an item that is
// there; the numbers above it are given out to the layers from the inside out: null item, null
// list, empty list, each only where its layer can have it. A null item has a place among the
// values; null and empty lists have none.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/compression.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lancekeep::lance {

using Level = std::uint16_t;

/// What a page's layers say; a level of 0: there is no such thing in the page.
struct Layers {
  bool is_list = false;
  Level null_item = 0;
  Level null_list = 0;
  Level empty_list = 0;
  Level highest = 0;
};

/// From the numbers of the layout message, innermost first. @throws Error unsupported for more than
/// one list.
[[nodiscard]] Layers decode_layers(std::span<const std::uint64_t> numbers,
                                   const io::ByteView& message);

/// The levels of a block; without compression they are raw. The caller has bounded `count`.
[[nodiscard]] std::vector<Level> decode_levels(const std::optional<Compression>& compression,
                                               const io::ByteView& block, std::uint64_t count);

/// Takes a page's levels chunk by chunk and makes the rows of an Array of them.
class RowBuilder {
 public:
  /// A page of `rows` rows.
  RowBuilder(const Layers& layers, std::uint64_t rows);

  /// `rep` is for lists, `def` may be empty (all items are there); `where` is for errors. Returns
  /// how many items they stand for. Throws corrupt where there are more rows than the page has.
  std::uint64_t add(std::span<const Level> rep, std::span<const Level> def,
                    const io::ByteView& where);

  /// Moves rows, nulls and list offsets into `page`, which has all items. Throws corrupt unless all
  /// rows have come.
  void finish(Array& page, const io::ByteView& where);

 private:
  std::uint64_t add_items(std::span<const Level> def, const io::ByteView& where);
  std::uint64_t add_lists(std::span<const Level> rep, std::span<const Level> def,
                          const io::ByteView& where);
  void start_row(const io::ByteView& where);

  Layers layers_;
  std::uint64_t rows_;
  std::uint64_t items_ = 0;
  bool row_is_empty_ = false;              ///< the row at hand is a null or empty list
  std::vector<std::uint64_t> row_starts_;  ///< lists: where each row so far starts, in items
  std::vector<std::uint8_t> row_valid_;    ///< empty until the first null
  std::vector<std::uint8_t> item_valid_;
};

}  // namespace lancekeep::lance
