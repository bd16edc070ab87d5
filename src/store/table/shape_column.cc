// SPDX-License-Identifier: Apache-2.0
#include "store/table/shape_column.h"

#include "tensor/convert.h"

#include <fmt/format.h>

#include <span>

namespace lancekeep::store {
namespace {

constexpr std::uint32_t kBitsPerByte = 8;

}  // namespace

ShapeColumn::ShapeColumn(const lance::DataFileReader& file, std::uint32_t column,
                         std::uint64_t rows, const std::string& dtype)
    : dtype_(dtype),
      width_(dtype_itemsize(dtype).value_or(1)),
      lists_(file.read_column(column, rows, rows * kMaxDims)) {
  const bool fits = lists_.outer.empty() && (!lists_.is_list || lists_.dimension == 1) &&
                    lists_.item_bits == width_ * kBitsPerByte * lists_.dimension;
  if (lists_.items > 0 && !fits) {
    file.bytes().fail(fmt::format("column {}: expected lists of {}", column, dtype));
  }
}

std::optional<Shape> ShapeColumn::at(std::uint64_t row, std::string& damage) const {
  if (lists_.is_null(row)) {
    damage = "its shape is null";
    return std::nullopt;
  }
  const bool lists = lists_.is_list;
  const std::uint64_t first = lists ? lists_.list_offsets[row] : row * lists_.dimension;
  const std::uint64_t end = lists ? lists_.list_offsets[row + 1] : first + lists_.dimension;
  const std::vector<std::uint8_t>& valid = lists ? lists_.item_valid : lists_.value_valid;
  Shape shape(end - first);
  for (std::uint64_t i = first; i < end && !valid.empty(); ++i) {
    if (valid[i] == 0) damage = "a dimension of its shape is null";
  }
  const auto bytes = std::span(lists_.data).subspan(first * width_, shape.size() * width_);
  if (convert(dtype_, bytes, "int64", std::as_writable_bytes(std::span(shape)),
              Rounding::as_torch)) {
    damage = "a dimension of its shape is 2^63 or more";
  }
  return damage.empty() ? std::optional(shape) : std::nullopt;
}

std::optional<std::int64_t> integer_at(const lance::Array& numbers, const std::string& dtype,
                                       std::uint64_t row) {
  if (numbers.is_null(row)) return std::nullopt;
  const std::size_t width = numbers.item_bits / kBitsPerByte;
  std::int64_t number = 0;
  const auto bytes = std::span(numbers.data).subspan(row * width, width);
  if (convert(dtype, bytes, "int64", std::as_writable_bytes(std::span(&number, 1)),
              Rounding::as_torch)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace lancekeep::store
