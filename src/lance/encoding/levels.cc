// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/levels.h"

#include "lance/encoding/fixed_width.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace lancekeep::lance {
namespace {

constexpr std::size_t kMaxLayers = 32;

// On disk; they never change. Structs have the same numbers as items.
enum class LayerNumber : std::uint64_t {
  item = 1,
  list = 2,
  nullable_item = 3,
  nullable_list = 4,
  list_with_empties = 5,
  list_with_nulls_and_empties = 6,
};

[[noreturn]] void unsupported_layers(std::span<const std::uint64_t> numbers,
                                     const io::ByteView& message) {
  message.fail(ErrorCode::unsupported,
               fmt::format("the page has layers {}; this build reads layers 1 to 6, the "
                           "first of which must be an item, and at most {} layers",
                           fmt::join(numbers, ", "), kMaxLayers));
}

// Adds the layer with its definition levels; returns false for an unknown number.
bool add_layer(std::uint64_t number, Layers& layers) {
  Layer layer;
  switch (LayerNumber{number}) {
    case LayerNumber::item:
      break;
    case LayerNumber::nullable_item:
      layer.null = ++layers.highest;
      break;
    case LayerNumber::list:
      layer.is_list = true;
      break;
    case LayerNumber::nullable_list:
      layer.is_list = true;
      layer.null = ++layers.highest;
      break;
    case LayerNumber::list_with_empties:
      layer.is_list = true;
      layer.empty = ++layers.highest;
      break;
    case LayerNumber::list_with_nulls_and_empties:
      layer.is_list = true;
      layer.null = ++layers.highest;
      layer.empty = ++layers.highest;
      break;
    default:
      return false;
  }
  if (layer.is_list) ++layers.lists;
  layers.all.push_back(layer);
  return true;
}

bool all_zero(std::span<const Level> levels) {
  Level any = 0;
  for (const Level level : levels) any = static_cast<Level>(any | level);
  return any == 0;
}

}  // namespace

bool Layers::is_visible(Level definition) const {
  for (const Layer& layer : all) {
    if (definition == 0 || layer.is_list) break;
    if (definition == layer.null) return true;
  }
  return definition == 0;
}

Layers decode_layers(std::span<const std::uint64_t> numbers, const io::ByteView& message) {
  Layers layers;
  if (numbers.empty() || numbers.size() > kMaxLayers) unsupported_layers(numbers, message);
  for (const std::uint64_t number : numbers) {
    if (!add_layer(number, layers)) unsupported_layers(numbers, message);
  }
  if (layers.all.front().is_list) unsupported_layers(numbers, message);
  return layers;
}

std::vector<Level> decode_levels(const std::optional<Compression>& compression,
                                 const io::ByteView& block, std::uint64_t count) {
  Compression raw;
  raw.kind = EncodingKind::flat;
  raw.bits = 16;
  const Compression& used = compression ? *compression : raw;
  if (fixed_bits(used) != 16) used.unsupported("levels");
  const std::vector<std::byte> bytes = decode_fixed_block(used, block, count);
  std::vector<Level> levels(count);
  if (count > 0) std::memcpy(levels.data(), bytes.data(), bytes.size());
  return levels;
}

RowBuilder::RowBuilder(const Layers& layers, std::uint64_t rows)
    : layers_(layers), rows_(rows), stops_(layers.highest + 1), built_(layers.all.size()) {
  for (std::size_t i = 0; i < layers.all.size(); ++i) {
    if (i > 0 && layers.all[i].is_list) tops_.push_back(i - 1);
    if (layers.all[i].null != 0) stops_[layers.all[i].null] = i;
    if (layers.all[i].empty != 0) stops_[layers.all[i].empty] = i;
  }
  tops_.push_back(layers.all.size() - 1);
}

std::uint64_t RowBuilder::add(std::span<const Level> rep, std::span<const Level> def,
                              const io::ByteView& where) {
  if (layers_.has_lists() && !def.empty() && def.size() != rep.size()) {
    where.fail(
        fmt::format("{} repetition levels, but {} definition levels", rep.size(), def.size()));
  }
  if (!def.empty()) {
    const Level highest = *std::max_element(def.begin(), def.end());
    if (highest > layers_.highest) {
      where.fail(
          fmt::format("a definition level is {}, expected at most {}", highest, layers_.highest));
    }
  }
  const std::uint64_t before = built_.front().entries;
  if (!add_run(rep, def)) {
    const std::size_t count = layers_.has_lists() ? rep.size() : def.size();
    const auto outermost = static_cast<Level>(layers_.lists);
    for (std::size_t i = 0; i < count; ++i) {
      add_level(layers_.has_lists() ? rep[i] : outermost, def.empty() ? Level{0} : def[i], where);
    }
  }
  return built_.front().entries - before;
}

// The fast path: in large rows most levels only say that the row continues.
bool RowBuilder::add_run(std::span<const Level> rep, std::span<const Level> def) {
  if (!layers_.has_lists() || !all_zero(rep) || !all_zero(def)) return false;
  for (std::size_t layer = 0; layer < built_.size(); ++layer) {
    if (layers_.all[layer].is_list && !built_[layer].is_open) return false;
  }
  for (std::size_t layer = 0; layer <= tops_.front(); ++layer) {
    Built& built = built_[layer];
    built.entries += rep.size();
    if (!built.valid.empty()) built.valid.resize(built.entries, 1);
  }
  return true;
}

void RowBuilder::add_level(Level rep, Level def, const io::ByteView& where) {
  if (rep >= tops_.size()) {
    where.fail(fmt::format("a repetition level is {}, expected at most {}", rep, layers_.lists));
  }
  const std::size_t top = tops_[rep];
  if (top + 1 < built_.size()) {
    check_continues(top, where);
  } else if (built_.back().entries == rows_) {
    where.fail(fmt::format("a page has more than the {} rows that it declares", rows_));
  }
  start_entries(top, def, where);
}

void RowBuilder::check_continues(std::size_t top, const io::ByteView& where) const {
  if (built_.back().entries == 0) where.fail("a page starts in the middle of a row");
  for (std::size_t layer = top + 1; layer < built_.size(); ++layer) {
    if (layers_.all[layer].is_list && !built_[layer].is_open)
      where.fail("a null or empty list has items");
  }
}

void RowBuilder::start_entries(std::size_t top, Level def, const io::ByteView& where) {
  const std::size_t stop = stops_[def];
  if (def != 0 && stop > top) where.fail("a null or empty list has items");
  for (std::size_t i = top + 1; i-- > 0;) {
    const Layer& layer = layers_.all[i];
    Built& built = built_[i];
    const bool below_null = def != 0 && i < stop;  // the fields of a null struct are null
    const bool stops_here = def != 0 && i == stop;
    if (layer.is_list) {
      built.starts.push_back(built_[i - 1].entries);
      built.is_open = !below_null && !stops_here;
    }
    ++built.entries;
    if (below_null || (stops_here && def == layer.null)) {
      add_null(i);
    } else if (!built.valid.empty()) {
      built.valid.push_back(1);
    }
    if (layer.is_list && (below_null || stops_here)) return;
  }
}

void RowBuilder::add_null(std::size_t layer) {
  Built& built = built_[layer];
  if (built.valid.empty()) built.valid.resize(built.entries - 1, 1);
  built.valid.push_back(0);
}

void RowBuilder::move_layer(std::size_t layer, OuterLayer& to) {
  Built& built = built_[layer];
  to.is_list = layers_.all[layer].is_list;
  to.entries = built.entries;
  to.valid = std::move(built.valid);
  if (!to.is_list) return;
  built.starts.push_back(built_[layer - 1].entries);
  to.offsets = std::move(built.starts);
}

void RowBuilder::finish(Array& page, const io::ByteView& where) {
  // Without lists and definition levels nothing was added, which means that all rows are valid.
  if (!layers_.has_lists() && built_.front().entries == 0) {
    for (Built& built : built_) built.entries = page.items;
  }
  const std::uint64_t rows = built_.back().entries;
  if (rows != rows_) where.fail(fmt::format("a page has {} rows, expected {}", rows, rows_));
  if (built_.front().entries != page.items) {
    where.fail(
        fmt::format("a page has {} items, but levels for {}", page.items, built_.front().entries));
  }
  page.is_list = built_.size() > 1 && layers_.all[1].is_list;
  const std::size_t inner = page.is_list ? 2 : 1;
  for (std::size_t i = built_.size(); i-- > inner;) move_layer(i, page.outer.emplace_back());
  if (page.is_list) {
    OuterLayer lists;
    move_layer(1, lists);
    page.rows = lists.entries;
    page.row_valid = std::move(lists.valid);
    page.list_offsets = std::move(lists.offsets);
    page.item_valid = std::move(built_.front().valid);
  } else {
    page.rows = built_.front().entries;
    page.row_valid = std::move(built_.front().valid);
  }
}

}  // namespace lancekeep::lance
