// SPDX-License-Identifier: Apache-2.0
// How wide the values of a schema's logical type are, e.g. "double" or "fixed_size_list:float:4".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lancekeep::lance {

struct ValueType {
  std::uint32_t bits = 0;       ///< of an item; 0: variable
  std::uint64_t dimension = 1;  ///< of an item: values of a fixed-size list
  bool operator==(const ValueType&) const = default;
};

/// Nothing for lists, structs and what is unknown here. A dictionary has the type of its values; a
/// truth value has 8 bits, as an Array has it.
[[nodiscard]] std::optional<ValueType> value_type(std::string_view logical_type);

}  // namespace lancekeep::lance
