// SPDX-License-Identifier: Apache-2.0
#include "store/plain/piece_converter.h"

#include <lancekeep/tensor.h>

#include "tensor/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace lancekeep::store {
namespace {

template <typename Number>
std::optional<Number> as(const std::string& dtype, std::span<const std::byte> value,
                         std::string_view to_dtype) {
  Number number;
  const std::span<Number> one(&number, 1);
  if (lancekeep::convert(dtype, value, to_dtype, std::as_writable_bytes(one), Rounding::as_torch)) {
    return std::nullopt;
  }
  return number;
}

std::string text_of(const std::string& dtype, std::span<const std::byte> value) {
  const bool is_float = dtype.find("float") != std::string::npos;
  if (!is_float) {
    if (const auto number = as<std::int64_t>(dtype, value, "int64")) return fmt::to_string(*number);
    if (const auto number = as<std::uint64_t>(dtype, value, "uint64"))
      return fmt::to_string(*number);
  }
  return fmt::to_string(as<double>(dtype, value, "float64").value_or(0));
}

}  // namespace

void PieceConverter::convert(const lance::ListPiece& piece, const std::string& dtype,
                             std::span<std::byte> into) {
  const std::size_t from_size = dtype_itemsize(dtype_).value_or(1);
  const std::size_t to_size = dtype_itemsize(dtype).value_or(1);
  const std::size_t count = std::min(piece.values.size() / from_size, into.size() / to_size);
  const auto from = piece.values.first(count * from_size);
  const auto failed =
      lancekeep::convert(dtype_, from, dtype, into.first(count * to_size), Rounding::as_torch);
  if (!failed) return;
  const std::uint64_t index = piece.first + *failed;
  const std::lock_guard lock(mutex_);
  const auto it = unfit_.find(piece.row);
  if (it != unfit_.end() && it->second.index <= index) return;
  unfit_[piece.row] = {index, text_of(dtype_, from.subspan(*failed * from_size, from_size)), dtype};
}

}  // namespace lancekeep::store
