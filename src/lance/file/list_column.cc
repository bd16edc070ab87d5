// SPDX-License-Identifier: Apache-2.0
#include "lance/file/list_column.h"

#include "io/checked_math.h"
#include "lance/encoding/v2_0/array_page.h"
#include "lance/file/column_type.h"
#include "lance/file/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t kMaxValueBits = 256;  // so that values are bounded by their number

[[noreturn]] void not_numbers(const io::ByteView& where) {
  where.fail(ErrorCode::unsupported,
             "the column's values are no numbers of a fixed width, or lists of them");
}

// One entry per item becomes one per value.
std::vector<std::uint8_t> per_value(std::vector<std::uint8_t> of_items, std::uint64_t dimension) {
  if (dimension == 1) return of_items;
  std::vector<std::uint8_t> of_values;
  of_values.reserve(of_items.size() * dimension);
  for (const std::uint8_t valid : of_items) of_values.insert(of_values.end(), dimension, valid);
  return of_values;
}

// Both say which values are there.
std::vector<std::uint8_t> both(std::vector<std::uint8_t> a, const std::vector<std::uint8_t>& b) {
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
  rows.value_valid = both(std::move(rows.value_valid), array.value_valid);
  if (dimension > 1) {
    for (std::uint64_t& offset : rows.offsets) offset *= dimension;
  }
  return rows;
}

}  // namespace

ListColumn ListColumn::open(const DataFileReader& file, std::uint32_t column,
                            std::uint64_t expected_rows, std::uint64_t max_values) {
  ListColumn result(file);
  result.is_v2_0_ = file.version() == FormatVersion{2, 0};
  check_rows(file.column(column), expected_rows);
  result.rows_ = expected_rows;
  std::uint64_t item_rows = expected_rows;
  if (file.has_lists_only(column)) {
    result.lists_ = file.read_lists(column, expected_rows, max_values);
    item_rows = result.lists_.list_offsets.back();
    ++column;
    check_rows(file.column(column), item_rows);
  }
  result.inspect(column, max_values);
  return result;
}

void ListColumn::inspect(std::uint32_t column, std::uint64_t max_values) {
  column_ = column;
  max_items_ = max_values;
  const ColumnMetadata& metadata = file_->column(column);
  if (const Field* field = file_->field(column)) {
    const Array type = empty_column(file_->descriptor().fields, *field);
    item_bits_ = type.item_bits;
    dimension_ = type.dimension;
  }
  if (file_->has_lists_only(column)) not_numbers(metadata.encoding);  // lists of lists
  for (const Page& page : metadata.pages) {
    add_part(is_v2_0_ ? v2_0::inspect_page(file_->bytes(), page, max_items_)
                      : inspect_page(file_->bytes(), page, max_items_),
             page);
  }
  if (item_bits_ == 0 && !parts_.empty()) not_numbers(metadata.encoding);
  const auto values = io::checked_mul(items_, dimension_);
  if (!values || *values > max_values) {
    metadata.encoding.fail(fmt::format("a column has {} items of {} values, expected at most {}",
                                       items_, dimension_, max_values));
  }
  values_ = *values;
  value_bits_ = static_cast<std::uint32_t>(item_bits_ / dimension_);
  if (value_bits_ > kMaxValueBits) not_numbers(metadata.encoding);
}

void ListColumn::add_part(const PageContent& content, const Page& page) {
  if (content.item_bits != 0) {
    const bool is_first = item_bits_ == 0;
    if (is_first) item_bits_ = content.item_bits;
    if (is_first) dimension_ = content.dimension;
    if (content.item_bits != item_bits_ || content.dimension != dimension_) {
      page.encoding.fail(
          fmt::format("a page has values of {} bits, expected {}", content.item_bits, item_bits_));
    }
  }
  const std::uint64_t row = parts_.empty() ? 0 : parts_.back().first_row + parts_.back().page->rows;
  parts_.push_back({&page, parts_.size(), row, items_, content.items});
  const auto sum = io::checked_add(items_, content.items);
  if (!sum || *sum > max_items_) {
    page.encoding.fail(fmt::format("a column has more than {} values", max_items_));
  }
  items_ = *sum;
}

Array ListColumn::decode_part(const Part& part, std::span<std::byte> items) const {
  try {
    Array array = is_v2_0_ ? v2_0::decode_page_into(file_->bytes(), *part.page, max_items_, items)
                           : decode_page_into(file_->bytes(), *part.page, max_items_, items);
    if (!array.outer.empty()) not_numbers(part.page->encoding);
    if (array.items != part.items) {
      part.page->encoding.fail(
          fmt::format("a page has {} items, but says {}", array.items, part.items));
    }
    if (!array.value_valid.empty() && array.value_valid.size() != part.items * dimension_) {
      part.page->encoding.fail(fmt::format("a page says which of {} values are null, expected {}",
                                           array.value_valid.size(), part.items * dimension_));
    }
    array.item_bits = item_bits_;
    array.dimension = dimension_;
    return array;
  } catch (const Error& error) {
    throw error.with_message(
        fmt::format("column {}, page {}: {}", column_, part.index, error.message()));
  }
}

ListRows ListColumn::decode(std::span<std::byte> values, unsigned threads) const {
  if (values.size() != values_ * (value_bits_ / 8)) {
    throw Error(ErrorCode::invalid_argument, fmt::format("{} bytes for {} values of {} bits",
                                                         values.size(), values_, value_bits_));
  }
  const std::size_t width = item_bits_ / 8;
  return decode_parts(threads, [&](const Part& part) {
    return decode_part(part, values.subspan(part.first_item * width, part.items * width));
  });
}

ListRows ListColumn::decode_pieces(unsigned threads, const PieceSink& sink) const {
  return decode_parts(threads, [&](const Part& part) { return hand_out(part, sink); });
}

Array ListColumn::hand_out(const Part& part, const PieceSink& sink) const {
  const std::size_t width = item_bits_ / 8;
  const std::size_t size = part.items * width;
  const auto items = std::make_unique_for_overwrite<std::byte[]>(size);
  Array page = decode_part(part, {items.get(), size});
  const std::uint64_t end = part.first_item + part.items;
  // In items of the column; `row` is where its items begin, `next` where those behind them do.
  const auto hand = [&](std::uint64_t row, std::uint64_t begin, std::uint64_t next) {
    const std::uint64_t from = std::max(begin, part.first_item);
    const std::uint64_t to = std::min(next, end);
    if (from >= to) return;
    sink({row,
          (from - begin) * dimension_,
          from * dimension_,
          {items.get() + (from - part.first_item) * width, (to - from) * width}});
  };
  if (lists_.is_list) {  // a page of items may begin and end within a list
    const std::vector<std::uint64_t>& offsets = lists_.list_offsets;
    const auto after = std::upper_bound(offsets.begin(), offsets.end(), part.first_item);
    auto row = static_cast<std::uint64_t>(after - offsets.begin()) - 1;
    for (; row < lists_.rows && offsets[row] < end; ++row) {
      hand(row, offsets[row], offsets[row + 1]);
    }
  } else if (page.is_list) {
    for (std::uint64_t row = 0; row < page.rows; ++row) {
      hand(part.first_row + row, part.first_item + page.list_offsets[row],
           part.first_item + page.list_offsets[row + 1]);
    }
  } else {
    for (std::uint64_t row = 0; row < page.rows; ++row) {
      hand(part.first_row + row, part.first_item + row, part.first_item + row + 1);
    }
  }
  return page;
}

ListRows ListColumn::decode_parts(unsigned threads, const DecodePart& decode) const {
  std::vector<Array> pages(parts_.size());
  for_each_part(parts_.size(), threads, [&](std::size_t i) { pages[i] = decode(parts_[i]); });
  Array array;
  if (!pages.empty()) array.is_list = pages.front().is_list;
  if (array.is_list) array.list_offsets = {0};
  array.item_bits = item_bits_;
  array.dimension = dimension_;
  for (std::size_t i = 0; i < pages.size(); ++i)
    append_array(array, std::move(pages[i]), parts_[i].page->encoding);
  if (lists_.is_list) {
    array.is_list = true;
    array.item_valid = std::move(array.row_valid);
    array.row_valid = lists_.row_valid;
    array.list_offsets = lists_.list_offsets;
    array.rows = lists_.rows;
  }
  return rows_of(std::move(array), dimension_);
}

}  // namespace lancekeep::lance
