// SPDX-License-Identifier: Apache-2.0
// Repetition and definition levels: how a flat run of items becomes rows, lists, nulls.
//
// Layers are counted from the inside out: layer 0 is the item, each other one a list or a struct.
// Repetition r starts an entry of the r-th list layer from the inside (0 goes on with the innermost
// one). Definition 0 is an item that is there; the numbers above it are given out from the inside
// out: null item, null list or struct, empty list, each only where its layer can have it. A null
// item, and an item of a null struct, have a place among the values; null and empty lists have
// none.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/compression.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lancekeep::lance {

using Level = std::uint16_t;

/// One layer as the page has it; a level of 0: there is no such thing in the page.
struct Layer {
  bool is_list = false;
  Level null = 0;
  Level empty = 0;
};

struct Layers {
  std::vector<Layer> all;  ///< innermost first; the first is the item
  Level highest = 0;       ///< definition level
  Level lists = 0;         ///< how many layers are lists

  [[nodiscard]] bool has_lists() const { return lists > 0; }
  [[nodiscard]] Level null_item() const { return all.front().null; }
  /// Whether a level of this definition has a place among the values.
  [[nodiscard]] bool is_visible(Level definition) const;
};

/// From the numbers of the layout message, innermost first. @throws Error unsupported for numbers
/// that have no meaning here, or more layers than any table has.
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
  /// What has been made of a layer so far.
  struct Built {
    std::uint64_t entries = 0;
    std::vector<std::uint8_t> valid;    ///< empty until the first null
    std::vector<std::uint64_t> starts;  ///< lists: where each starts, in entries of the next layer
    bool is_open = false;               ///< lists: the last one has items, and may get more
  };

  bool add_run(std::span<const Level> rep, std::span<const Level> def);
  void add_level(Level rep, Level def, const io::ByteView& where);
  void start_entries(std::size_t top, Level def, const io::ByteView& where);
  void check_continues(std::size_t top, const io::ByteView& where) const;
  void add_null(std::size_t layer);
  void move_layer(std::size_t layer, OuterLayer& to);

  Layers layers_;
  std::uint64_t rows_;
  std::vector<std::size_t> tops_;   ///< per repetition: the outermost layer that gets a new entry
  std::vector<std::size_t> stops_;  ///< per definition: the layer that is null or empty
  std::vector<Built> built_;        ///< innermost first
};

}  // namespace lancekeep::lance
