// SPDX-License-Identifier: Apache-2.0
// Repetition and definition levels: how a flat run of items becomes rows, lists and nulls.
//
// Layers are counted from the inside: layer 0 is the item, each other layer a list or a struct.
// Repetition level r starts an entry of the r-th list layer (0: continues the innermost list).
// Definition level 0 is a valid item. The levels above 0 are assigned from the inside out: null
// item, null list or struct, empty list, each only if its layer allows it. A null item, and an item
// of a null struct, have a slot among the values; null and empty lists have none.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/compression.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lancekeep::lance {

using Level = std::uint16_t;

/// One layer of a page. `null` and `empty` are definition levels; 0 if the page has no such
/// entries.
struct Layer {
  bool is_list = false;
  Level null = 0;
  Level empty = 0;
};

struct Layers {
  std::vector<Layer> all;  ///< innermost first; the first is the item
  Level highest = 0;       ///< the highest definition level
  Level lists = 0;         ///< number of layers that are lists

  [[nodiscard]] bool has_lists() const { return lists > 0; }
  /// Whether an entry of this definition level has a slot among the values.
  [[nodiscard]] bool is_visible(Level definition) const;
};

/// Decodes the layer numbers of a layout message, innermost first. @throws Error unsupported for
/// unknown numbers, or for more layers than any table has.
[[nodiscard]] Layers decode_layers(std::span<const std::uint64_t> numbers,
                                   const io::ByteView& message);

/// Decodes a block of `count` levels, which are raw if `compression` is null. The caller has
/// bounded `count`.
[[nodiscard]] std::vector<Level> decode_levels(const std::optional<Compression>& compression,
                                               const io::ByteView& block, std::uint64_t count);

/// Builds the rows of an Array from the levels of a page, chunk by chunk.
class RowBuilder {
 public:
  /// For a page of `rows` rows.
  RowBuilder(const Layers& layers, std::uint64_t rows);

  /// Adds levels and returns how many items they have. `rep` is for lists only; `def` may be empty
  /// if all items are valid. Throws corrupt, at `where`, if there are more rows than the page has.
  std::uint64_t add(std::span<const Level> rep, std::span<const Level> def,
                    const io::ByteView& where);

  /// Moves rows, nulls and list offsets into `page`, which has all of its items. Throws corrupt if
  /// rows are missing.
  void finish(Array& page, const io::ByteView& where);

 private:
  /// The entries of one layer so far.
  struct Built {
    std::uint64_t entries = 0;
    std::vector<std::uint8_t> valid;  ///< empty until the first null
    std::vector<std::uint64_t>
        starts;            ///< lists: where each starts, in entries of the next inner layer
    bool is_open = false;  ///< lists: whether the last one is neither null nor empty
  };

  bool add_run(std::span<const Level> rep, std::span<const Level> def);
  void add_level(Level rep, Level def, const io::ByteView& where);
  void start_entries(std::size_t top, Level def, const io::ByteView& where);
  void check_continues(std::size_t top, const io::ByteView& where) const;
  void add_null(std::size_t layer);
  void move_layer(std::size_t layer, OuterLayer& to);

  Layers layers_;
  std::uint64_t rows_;
  std::vector<std::size_t> tops_;  ///< per repetition level: the outermost layer that gets an entry
  std::vector<std::size_t> stops_;  ///< per definition level: the layer that is null or empty
  std::vector<Built> built_;        ///< innermost first
};

}  // namespace lancekeep::lance
