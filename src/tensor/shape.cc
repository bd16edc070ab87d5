// SPDX-License-Identifier: Apache-2.0
#include "tensor/shape.h"

#include "io/checked_math.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep {
namespace {

bool has_negative(const Shape& shape) {
  return std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; });
}

}  // namespace

std::optional<std::uint64_t> element_count(const Shape& shape) noexcept {
  return byte_count(shape, 1);
}

std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t itemsize) noexcept {
  if (has_negative(shape)) return std::nullopt;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::optional<std::uint64_t> count = itemsize;
  for (const std::int64_t size : shape) {
    count = io::checked_mul(*count, static_cast<std::uint64_t>(size));
    if (!count) return std::nullopt;
  }
  return count;
}

std::string shape_problem(const Shape& shape) {
  return has_negative(shape)
             ? fmt::format("shape {} has a negative dimension", to_string(shape))
             : fmt::format("shape {} takes more bytes than 64 bits can count", to_string(shape));
}

std::optional<Shape> row_major_strides(const Shape& shape) {
  Shape strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    const auto next = io::checked_mul(stride, std::max<std::int64_t>(shape[i], 1));
    if (!next && i > 0) return std::nullopt;
    stride = next.value_or(0);
  }
  return strides;
}

}  // namespace lancekeep
