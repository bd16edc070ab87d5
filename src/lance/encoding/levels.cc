// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/levels.h"

#include "lance/encoding/fixed_width.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace lancekeep::lance {
namespace {

/// On disk; they never change.
enum class Layer : std::uint64_t {
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
               fmt::format("the page has layers {}; this build reads items and one list of items",
                           fmt::join(numbers, ", ")));
}

/// Marks entry `index` of a column of which `count` entries are known as null.
void set_null(std::vector<std::uint8_t>& valid, std::uint64_t index, std::uint64_t count) {
  valid.resize(count, 1);
  valid[index] = 0;
}

}  // namespace

Layers decode_layers(std::span<const std::uint64_t> numbers, const io::ByteView& message) {
  Layers layers;
  if (numbers.empty() || numbers.size() > 2) unsupported_layers(numbers, message);
  switch (Layer{numbers[0]}) {
    case Layer::item:
      break;
    case Layer::nullable_item:
      layers.null_item = ++layers.highest;
      break;
    default:
      unsupported_layers(numbers, message);
  }
  if (numbers.size() == 1) return layers;
  layers.is_list = true;
  switch (Layer{numbers[1]}) {
    case Layer::list:
      break;
    case Layer::nullable_list:
      layers.null_list = ++layers.highest;
      break;
    case Layer::list_with_empties:
      layers.empty_list = ++layers.highest;
      break;
    case Layer::list_with_nulls_and_empties:
      layers.null_list = ++layers.highest;
      layers.empty_list = ++layers.highest;
      break;
    default:
      unsupported_layers(numbers, message);
  }
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

RowBuilder::RowBuilder(const Layers& layers, std::uint64_t rows) : layers_(layers), rows_(rows) {}

std::uint64_t RowBuilder::add(std::span<const Level> rep, std::span<const Level> def,
                              const io::ByteView& where) {
  if (!def.empty()) {
    const Level highest = *std::max_element(def.begin(), def.end());
    if (highest > layers_.highest) {
      where.fail(
          fmt::format("a definition level is {}, expected at most {}", highest, layers_.highest));
    }
  }
  return layers_.is_list ? add_lists(rep, def, where) : add_items(def, where);
}

std::uint64_t RowBuilder::add_items(std::span<const Level> def, const io::ByteView& where) {
  if (def.size() > rows_ - items_) {
    where.fail(fmt::format("a page of {} rows has more levels than that", rows_));
  }
  for (const Level level : def) {
    ++items_;
    if (level != 0) set_null(row_valid_, items_ - 1, items_);
  }
  return def.size();
}

void RowBuilder::start_row(const io::ByteView& where) {
  if (row_starts_.size() >= rows_)
    where.fail(fmt::format("a page of {} rows starts more rows than that", rows_));
  row_starts_.push_back(items_);
}

std::uint64_t RowBuilder::add_lists(std::span<const Level> rep, std::span<const Level> def,
                                    const io::ByteView& where) {
  if (!def.empty() && def.size() != rep.size()) {
    where.fail(
        fmt::format("{} repetition levels and {} definition levels", rep.size(), def.size()));
  }
  const std::uint64_t before = items_;
  for (std::size_t i = 0; i < rep.size(); ++i) {
    const Level level = def.empty() ? Level{0} : def[i];
    const bool is_item = level == 0 || level == layers_.null_item;
    if (rep[i] > 1) where.fail(fmt::format("a repetition level is {}, expected 0 or 1", rep[i]));
    if (rep[i] == 1) {
      start_row(where);
    } else if (row_starts_.empty()) {
      where.fail("a page starts within a row");
    } else if (row_is_empty_ || !is_item) {
      where.fail("a null or empty list has items");
    }
    row_is_empty_ = !is_item;
    if (is_item) ++items_;
    if (level == 0) continue;
    if (level == layers_.null_item) set_null(item_valid_, items_ - 1, items_);
    if (level == layers_.null_list)
      set_null(row_valid_, row_starts_.size() - 1, row_starts_.size());
  }
  return items_ - before;
}

void RowBuilder::finish(Array& page, const io::ByteView& where) {
  const std::uint64_t rows = layers_.is_list ? row_starts_.size() : page.items;
  if (rows != rows_) where.fail(fmt::format("a page has {} rows, expected {}", rows, rows_));
  page.rows = rows_;
  page.is_list = layers_.is_list;
  if (!row_valid_.empty()) row_valid_.resize(rows_, 1);
  if (!item_valid_.empty()) item_valid_.resize(items_, 1);
  page.row_valid = std::move(row_valid_);
  page.item_valid = std::move(item_valid_);
  if (!layers_.is_list) return;
  row_starts_.push_back(items_);
  page.list_offsets = std::move(row_starts_);
}

}  // namespace lancekeep::lance
