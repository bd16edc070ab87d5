// SPDX-License-Identifier: Apache-2.0
// The recipe layout: a name, a shape and a list of numbers per row, in whichever of Lance's types
// for those, in any order, beside any other columns. docs/format/tensors.md describes it.
#pragma once

#include "lance/proto/schema.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

struct PlainColumns {
  std::int32_t name = -1;  ///< field ids of the columns themselves, not of lists' items
  std::int32_t value = -1;
  std::int32_t shape = -1;
  std::string value_dtype;  ///< of the numbers in a value, as torch names it
  std::string shape_dtype;  ///< of the dimensions: an integer type
};

/// Nothing where one of the three is missing or of another type.
[[nodiscard]] std::optional<PlainColumns> find_plain_columns(
    const std::vector<lance::Field>& fields);

}  // namespace lancekeep::store
