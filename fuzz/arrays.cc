// SPDX-License-Identifier: Apache-2.0
#include "fuzz/arrays.h"

#include "fuzz/promise.h"

#include <algorithm>

namespace lancekeep::fuzz {
namespace {

void check_valid(const std::vector<std::uint8_t>& valid, std::uint64_t entries) {
  require(valid.empty() || valid.size() == entries, "every entry is valid or null");
  require(std::all_of(valid.begin(), valid.end(), [](std::uint8_t entry) { return entry <= 1; }),
          "valid is 0 or 1");
}

void check_offsets(const std::vector<std::uint64_t>& offsets, std::uint64_t entries,
                   std::uint64_t end) {
  require(offsets.size() == entries + 1, "there is an offset more than entries");
  require(offsets.front() == 0 && offsets.back() == end, "offsets go from 0 to the end");
  require(std::is_sorted(offsets.begin(), offsets.end()), "offsets ascend");
}

void check_items(const lance::Array& array) {
  require(array.dimension > 0, "an item has values");
  check_valid(array.value_valid, array.items * array.dimension);
  if (!array.has_type()) {
    require(array.data.empty(), "nulls of no type have no data");
  } else if (array.item_bits == 0) {
    check_offsets(array.offsets, array.items, array.data.size());
  } else {
    require(array.item_bits % 8 == 0 && array.item_bits / 8 % array.dimension == 0,
            "values are whole bytes");
    require(array.data.size() == array.items * (array.item_bits / 8), "all items have data");
  }
}

void check_outer(const lance::Array& array) {
  for (std::size_t i = 0; i < array.outer.size(); ++i) {
    const lance::OuterLayer& layer = array.outer[i];
    const std::uint64_t below =
        i + 1 < array.outer.size() ? array.outer[i + 1].entries : array.rows;
    check_valid(layer.valid, layer.entries);
    if (layer.is_list) {
      check_offsets(layer.offsets, layer.entries, below);
    } else {
      require(layer.entries == below, "a struct has as many entries as its fields");
    }
  }
}

}  // namespace

void check_array(const lance::Array& array) {
  check_items(array);
  check_valid(array.row_valid, array.rows);
  check_outer(array);
  if (array.is_list) {
    check_offsets(array.list_offsets, array.rows, array.items);
    check_valid(array.item_valid, array.items);
  } else {
    require(array.items == array.rows, "without lists, rows are items");
  }
}

void check_same(const lance::Array& array, const lance::ListRows& rows,
                std::span<const std::byte> values) {
  std::vector<std::uint64_t> offsets = array.list_offsets;
  if (!array.is_list) {
    for (std::uint64_t row = 0; row <= array.rows; ++row) offsets.push_back(row);
  }
  for (std::uint64_t& offset : offsets) offset *= array.dimension;
  require(rows.offsets == offsets, "in bulk, rows have the same offsets");
  require(rows.row_valid == array.row_valid, "in bulk, the same rows are null");
  if (array.item_bits == 0) {  // nulls alone, of which only the pages in bulk say the type
    require(array.data.empty(), "in bulk, texts are refused");
    require(
        std::all_of(values.begin(), values.end(), [](std::byte b) { return b == std::byte{0}; }),
        "in bulk, nulls are zeros");
  } else {
    require(std::equal(values.begin(), values.end(), array.data.begin(), array.data.end()),
            "in bulk, there are the same values");
  }
  if (array.dimension == 1) {
    require(rows.value_valid == array.item_valid, "in bulk, the same values are null");
  }
}

}  // namespace lancekeep::fuzz
