// SPDX-License-Identifier: Apache-2.0
#include "fuzz/arrays.h"

#include "fuzz/invariants.h"

#include <algorithm>

namespace lancekeep::fuzz {
namespace {

void check_valid(const std::vector<std::uint8_t>& valid, std::uint64_t entries) {
  require(valid.empty() || valid.size() == entries, "validity has a value for each entry");
  require(std::all_of(valid.begin(), valid.end(), [](std::uint8_t entry) { return entry <= 1; }),
          "validity is 0 or 1");
}

void check_offsets(const std::vector<std::uint64_t>& offsets, std::uint64_t entries,
                   std::uint64_t end) {
  require(offsets.size() == entries + 1, "there is one offset more than entries");
  require(offsets.front() == 0 && offsets.back() == end, "offsets go from 0 to the end");
  require(std::is_sorted(offsets.begin(), offsets.end()), "offsets ascend");
}

void check_items(const lance::Array& array) {
  require(array.dimension > 0, "an item has values");
  check_valid(array.value_valid, array.items * array.dimension);
  if (!array.has_type()) {
    require(array.data.empty(), "nulls without a type have no data");
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
  require(rows.offsets == offsets, "offsets decoded in bulk are the same");
  require(rows.row_valid == array.row_valid, "the same rows are null in bulk");
  if (array.item_bits == 0) {  // only nulls, whose type only the bulk decoder knows
    require(array.data.empty(), "strings are not decoded in bulk");
    require(
        std::all_of(values.begin(), values.end(), [](std::byte b) { return b == std::byte{0}; }),
        "nulls are zeros in bulk");
  } else {
    require(std::equal(values.begin(), values.end(), array.data.begin(), array.data.end()),
            "values decoded in bulk are the same");
  }
  if (array.dimension == 1) {
    require(rows.value_valid == array.item_valid, "the same values are null in bulk");
  }
}

}  // namespace lancekeep::fuzz
