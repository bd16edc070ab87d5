// SPDX-License-Identifier: Apache-2.0
// A column of shapes: lists, large lists or fixed-size lists of any integers. Owns its values;
// immutable, so any number of threads may read it.
#pragma once

#include <lancekeep/tensor.h>

#include "lance/file/data_file_reader.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lancekeep::store {

/// The most dimensions that a shape can have; torch has the same limit.
inline constexpr std::uint64_t kMaxDims = 64;

class ShapeColumn {
 public:
  /// `dtype` is the integers' according to the schema. @throws Error corrupt if the column has
  /// another type.
  ShapeColumn(const lance::DataFileReader& file, std::uint32_t column, std::uint64_t rows,
              const std::string& dtype);

  /// The row's shape. If it has none, returns unset and puts the reason into `damage`.
  [[nodiscard]] std::optional<Shape> at(std::uint64_t row, std::string& damage) const;

 private:
  std::string dtype_;
  std::size_t width_ = 0;  // of a dimension, in bytes
  lance::Array lists_;
};

/// The integers of a column of single numbers as int64; unset for a null or one of 2^63 or more.
[[nodiscard]] std::optional<std::int64_t> integer_at(const lance::Array& numbers,
                                                     const std::string& dtype, std::uint64_t row);

}  // namespace lancekeep::store
