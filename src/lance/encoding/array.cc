// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/array.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace lancekeep::lance {
namespace {

std::string type_name(std::uint32_t item_bits) {
  return item_bits == 0 ? "values of variable width" : fmt::format("values of {} bits", item_bits);
}

// Whether the dimension of `array` must be kept. Nulls without a type have no dimension, unless
// they record which of their values are null; and a page's dimension takes precedence over the
// schema's.
bool has_dimension(const Array& array, const Array& other) {
  if (!array.value_valid.empty()) return true;
  return array.has_type() && (array.items > 0 || !other.has_type());
}

void unify_dimensions(Array& array, Array& page, const io::ByteView& where) {
  if (!has_dimension(page, array)) {
    page.dimension = array.dimension;
  } else if (!has_dimension(array, page)) {
    array.dimension = page.dimension;
  } else if (array.dimension != page.dimension) {
    where.fail(fmt::format("a page has fixed-size lists of {}, expected {}", page.dimension,
                           array.dimension));
  }
}

// If one of the two has no type, gives it the other's type; throws if the types differ.
void unify(Array& array, Array& page, const io::ByteView& where) {
  if (array.is_list != page.is_list) {
    where.fail("a column has pages of lists and pages without lists");
  }
  unify_dimensions(array, page, where);
  if (!array.has_type() && !page.has_type()) return;
  const auto adopt = [&where](Array& untyped, const Array& typed) {
    if (untyped.has_type()) return;
    check_null_bytes(untyped, typed.item_bits, kMaxNullBytes, where);
    set_type(untyped, typed.item_bits);
  };
  adopt(array, page);
  adopt(page, array);
  if (array.item_bits != page.item_bits) {
    where.fail(fmt::format("a page has {}, expected {}", type_name(page.item_bits),
                           type_name(array.item_bits)));
  }
}

// The numbers of entries are passed separately because an empty vector means that all are valid.
void append_valid(std::vector<std::uint8_t>& to, std::uint64_t to_count,
                  const std::vector<std::uint8_t>& from, std::uint64_t from_count) {
  if (to.empty() && from.empty()) return;
  if (to.empty()) to.assign(to_count, 1);
  if (from.empty()) {
    to.resize(to_count + from_count, 1);
  } else {
    to.insert(to.end(), from.begin(), from.end());
  }
}

void append_offsets(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& from) {
  if (from.empty()) return;
  const std::uint64_t shift = to.back();
  to.reserve(to.size() + from.size() - 1);
  std::transform(from.begin() + 1, from.end(), std::back_inserter(to),
                 [shift](std::uint64_t offset) { return offset + shift; });
}

void append_layers(Array& array, const Array& page, const io::ByteView& where) {
  if (array.rows == 0 && array.outer.empty()) {
    for (const OuterLayer& layer : page.outer) {
      array.outer.push_back({.is_list = layer.is_list});
      if (layer.is_list) array.outer.back().offsets = {0};
    }
  }
  const auto fits = [](const OuterLayer& a, const OuterLayer& b) { return a.is_list == b.is_list; };
  if (!std::equal(array.outer.begin(), array.outer.end(), page.outer.begin(), page.outer.end(),
                  fits)) {
    where.fail("the pages of a column are nested differently");
  }
  for (std::size_t i = 0; i < array.outer.size(); ++i) {
    OuterLayer& to = array.outer[i];
    const OuterLayer& from = page.outer[i];
    append_valid(to.valid, to.entries, from.valid, from.entries);
    append_offsets(to.offsets, from.offsets);
    to.entries += from.entries;
  }
}

void clear_fixed(std::span<std::byte> data, std::size_t width,
                 const std::vector<std::uint8_t>& valid) {
  for (std::size_t item = 0; item < valid.size(); ++item) {
    if (valid[item] == 0) std::fill_n(data.data() + item * width, width, std::byte{0});
  }
}

void clear_variable(Array& array, const std::vector<std::uint8_t>& valid) {
  std::uint64_t end = 0;
  std::uint64_t start = 0;
  for (std::size_t item = 0; item < valid.size(); ++item) {
    const std::uint64_t next = array.offsets[item + 1];
    if (valid[item] != 0) {
      std::memmove(array.data.data() + end, array.data.data() + start, next - start);
      end += next - start;
    }
    start = next;
    array.offsets[item + 1] = end;
  }
  array.data.resize(end);
}

bool has_bytes_under_nulls(const Array& array, const std::vector<std::uint8_t>& valid) {
  for (std::size_t item = 0; item < valid.size(); ++item) {
    if (valid[item] == 0 && array.offsets[item] != array.offsets[item + 1]) return true;
  }
  return false;
}

}  // namespace

void set_type(Array& array, std::uint32_t item_bits) {
  array.item_bits = item_bits;
  if (item_bits == 0) {
    array.offsets.assign(array.items + 1, 0);
  } else {
    array.data.assign(array.items * (item_bits / 8), std::byte{0});
  }
}

void check_null_bytes(const Array& array, std::uint32_t item_bits, std::uint64_t max_bytes,
                      const io::ByteView& where) {
  constexpr std::uint32_t kSmallBits = 256;
  if (item_bits <= kSmallBits || array.items <= max_bytes / (item_bits / 8)) return;
  where.fail(fmt::format("{} nulls of {} bytes each take more than {} bytes", array.items,
                         item_bits / 8, max_bytes));
}

void clear_nulls(const Array& array, std::span<std::byte> items) {
  const std::size_t width = array.item_bits / 8;
  if (width == 0) return;
  clear_fixed(items, width / array.dimension, array.value_valid);
  clear_fixed(items, width, array.is_list ? array.item_valid : array.row_valid);
}

void clear_nulls(Array& array) {
  if (!array.has_type()) return;
  if (array.item_bits != 0) return clear_nulls(array, array.data);
  const std::vector<std::uint8_t>& valid = array.is_list ? array.item_valid : array.row_valid;
  if (!valid.empty() && has_bytes_under_nulls(array, valid)) clear_variable(array, valid);
}

void append_array(Array& array, Array&& page, const io::ByteView& where) {
  const bool unknown = array.rows == 0 && !array.has_type() && !array.is_list;
  if (unknown && array.outer.empty()) {
    array = std::move(page);
    return;
  }
  unify(array, page, where);
  append_layers(array, page, where);
  append_valid(array.value_valid, array.items * array.dimension, page.value_valid,
               page.items * page.dimension);
  append_valid(array.row_valid, array.rows, page.row_valid, page.rows);
  append_valid(array.item_valid, array.items, page.item_valid, page.items);
  append_offsets(array.list_offsets, page.list_offsets);
  append_offsets(array.offsets, page.offsets);
  array.data.insert(array.data.end(), page.data.begin(), page.data.end());
  array.rows += page.rows;
  array.items += page.items;
}

}  // namespace lancekeep::lance
