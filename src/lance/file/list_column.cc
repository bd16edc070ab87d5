// SPDX-License-Identifier: Apache-2.0
#include "lance/file/list_column.h"

#include "io/checked_math.h"
#include "io/parallel.h"
#include "lance/encoding/array.h"
#include "lance/encoding/v2_0/array_page.h"
#include "lance/file/column_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t kMaxValueBits = 256;  // so that the number of values bounds their bytes

PageContent inspect_any(const DataFileReader& file, const Page& page, std::uint64_t max_items) {
  return file.version() == kFormat20 ? v2_0::inspect_page(file.bytes(), page, max_items)
                                     : inspect_page(file.bytes(), page, max_items);
}

Array decode_any_into(const DataFileReader& file, const Page& page, std::uint64_t max_items,
                      std::span<std::byte> items) {
  return file.version() == kFormat20 ? v2_0::decode_page_into(file.bytes(), page, max_items, items)
                                     : decode_page_into(file.bytes(), page, max_items, items);
}

[[noreturn]] void not_numbers(const io::ByteView& where) {
  where.fail(ErrorCode::unsupported,
             "the column's values are not fixed-width numbers or lists of them");
}

// Expands validity from one entry per item to one per value.
std::vector<std::uint8_t> per_value(std::vector<std::uint8_t> of_items, std::uint64_t dimension) {
  if (dimension == 1) return of_items;
  std::vector<std::uint8_t> of_values;
  of_values.reserve(of_items.size() * dimension);
  for (const std::uint8_t valid : of_items) of_values.insert(of_values.end(), dimension, valid);
  return of_values;
}

// Marks as valid only the values that are valid in both.
std::vector<std::uint8_t> intersect(std::vector<std::uint8_t> a,
                                    const std::vector<std::uint8_t>& b) {
  if (a.empty()) return b;
  for (std::size_t i = 0; i < b.size(); ++i) a[i] = a[i] & b[i];
  return a;
}

ListRows rows_of(Array&& array, std::uint64_t dimension) {
  ListRows rows;
  rows.row_valid = std::move(array.row_valid);
  if (array.is_list) {
    rows.offsets = std::move(array.list_offsets);
    if (!array.item_valid.empty())
      rows.value_valid = per_value(std::move(array.item_valid), dimension);
  } else {
    rows.offsets.resize(array.rows + 1);
    for (std::uint64_t row = 0; row <= array.rows; ++row) rows.offsets[row] = row;
  }
  rows.value_valid = intersect(std::move(rows.value_valid), array.value_valid);
  if (dimension > 1) {
    for (std::uint64_t& offset : rows.offsets) offset *= dimension;
  }
  return rows;
}

}  // namespace

ListColumn ListColumn::open(const DataFileReader& file, std::uint32_t column,
                            std::uint64_t expected_rows, std::uint64_t max_values) {
  ListColumn result(file);
  check_rows(file.column(column), expected_rows);
  result.rows_ = expected_rows;
  result.max_items_ = max_values;
  if (file.has_lists_only(column)) {
    result.lists_ = file.read_lists(column, expected_rows, max_values);
    ++column;
    check_rows(file.column(column), result.lists_.list_offsets.back());
  }
  result.inspect(column);
  return result;
}

void ListColumn::inspect(std::uint32_t column) {
  column_ = column;
  const ColumnMetadata& metadata = file_->column(column);
  if (const Field* field = file_->field(column)) {
    const Array type = empty_column(file_->descriptor().fields, *field);
    content_.item_bits = type.item_bits;
    content_.dimension = type.dimension;
  }
  if (file_->has_lists_only(column)) not_numbers(metadata.encoding);  // lists of lists
  for (const Page& page : metadata.pages) add_part(inspect_any(*file_, page, max_items_), page);
  if (content_.item_bits == 0 && !parts_.empty()) not_numbers(metadata.encoding);
  const auto values = io::checked_mul(content_.items, content_.dimension);
  if (!values || *values > max_items_) {
    metadata.encoding.fail(fmt::format("a column has {} items of {} values, expected at most {}",
                                       content_.items, content_.dimension, max_items_));
  }
  if (value_bits() > kMaxValueBits) not_numbers(metadata.encoding);
}

void ListColumn::add_part(const PageContent& content, const Page& page) {
  if (content.item_bits != 0) {
    if (content_.item_bits == 0) {
      content_.item_bits = content.item_bits;
      content_.dimension = content.dimension;
    }
    if (content.item_bits != content_.item_bits || content.dimension != content_.dimension) {
      page.encoding.fail(fmt::format("a page has values of {} bits, expected {}", content.item_bits,
                                     content_.item_bits));
    }
  }
  const std::uint64_t row = parts_.empty() ? 0 : parts_.back().first_row + parts_.back().page->rows;
  parts_.push_back({&page, parts_.size(), row, content_.items, content.items});
  const auto sum = io::checked_add(content_.items, content.items);
  if (!sum || *sum > max_items_) {
    page.encoding.fail(fmt::format("a column has more than {} values", max_items_));
  }
  content_.items = *sum;
}

Array ListColumn::decode_part(const Part& part, std::span<std::byte> items) const {
  try {
    Array array = decode_any_into(*file_, *part.page, max_items_, items);
    if (!array.outer.empty()) not_numbers(part.page->encoding);
    if (array.items != part.items) {
      part.page->encoding.fail(
          fmt::format("a page has {} items, but declares {}", array.items, part.items));
    }
    if (!array.value_valid.empty() && array.value_valid.size() != part.items * content_.dimension) {
      part.page->encoding.fail(fmt::format("a page has validity for {} values, expected {}",
                                           array.value_valid.size(),
                                           part.items * content_.dimension));
    }
    array.item_bits = content_.item_bits;
    array.dimension = content_.dimension;
    return array;
  } catch (const Error& error) {
    throw error.with_message(
        fmt::format("column {}, page {}: {}", column_, part.index, error.message()));
  }
}

ListRows ListColumn::decode(std::span<std::byte> values, unsigned threads) const {
  if (values.size() != this->values() * (value_bits() / 8)) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("a buffer of {} bytes for {} values of {} bits", values.size(),
                            this->values(), value_bits()));
  }
  const std::size_t width = content_.item_bits / 8;
  return decode_parts(threads, [&](const Part& part) {
    return decode_part(part, values.subspan(part.first_item * width, part.items * width));
  });
}

ListRows ListColumn::decode_pieces(unsigned threads, const PieceSink& sink) const {
  return decode_parts(threads, [&](const Part& part) {
    const std::size_t size = part.items * (content_.item_bits / 8);
    const auto items = std::make_unique_for_overwrite<std::byte[]>(size);
    Array page = decode_part(part, {items.get(), size});
    emit_rows(part, page, items.get(), sink);
    return page;
  });
}

// Passes on the items of a page, row by row. The i-th row that it emits has the items from `base`
// plus offset i up to `base` plus offset i + 1, counted in items of the column; without offsets,
// each row is an item.
void ListColumn::emit_rows(const Part& part, const Array& page, const std::byte* items,
                           const PieceSink& sink) const {
  const std::uint64_t page_end = part.first_item + part.items;
  std::uint64_t first_row = part.first_row;
  std::uint64_t rows = page.rows;
  std::uint64_t base = part.first_item;
  std::span<const std::uint64_t> offsets = page.list_offsets;
  if (lists_.is_list) {  // a page of items can begin and end in the middle of a list
    const std::vector<std::uint64_t>& all = lists_.list_offsets;
    const auto first = std::upper_bound(all.begin(), all.end(), part.first_item) - 1;
    const auto last = std::lower_bound(first, all.end(), page_end);
    first_row = static_cast<std::uint64_t>(first - all.begin());
    rows = static_cast<std::uint64_t>(last - first);
    base = 0;
    offsets = std::span(all).subspan(first_row);
  }
  const std::size_t width = content_.item_bits / 8;
  const auto offset = [&](std::uint64_t i) { return base + (offsets.empty() ? i : offsets[i]); };
  for (std::uint64_t i = 0; i < rows; ++i) {
    const std::uint64_t begin = std::max(offset(i), part.first_item);
    const std::uint64_t end = std::min(offset(i + 1), page_end);
    if (begin >= end) continue;
    sink({.row = first_row + i,
          .first = (begin - offset(i)) * content_.dimension,
          .at = begin * content_.dimension,
          .values = {items + (begin - part.first_item) * width, (end - begin) * width}});
  }
}

ListRows ListColumn::decode_parts(unsigned threads, const DecodePart& decode) const {
  std::vector<Array> pages(parts_.size());
  io::for_each_part(parts_.size(), threads, [&](std::size_t i) { pages[i] = decode(parts_[i]); });
  Array array;
  if (!pages.empty()) array.is_list = pages.front().is_list;
  if (array.is_list) array.list_offsets = {0};
  array.item_bits = content_.item_bits;
  array.dimension = content_.dimension;
  for (std::size_t i = 0; i < pages.size(); ++i)
    append_array(array, std::move(pages[i]), parts_[i].page->encoding);
  if (lists_.is_list) {
    array.is_list = true;
    array.item_valid = std::move(array.row_valid);
    array.row_valid = lists_.row_valid;
    array.list_offsets = lists_.list_offsets;
    array.rows = lists_.rows;
  }
  return rows_of(std::move(array), content_.dimension);
}

}  // namespace lancekeep::lance
