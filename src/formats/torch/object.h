// SPDX-License-Identifier: Apache-2.0
// What a value of a checkpoint's pickle is to Python: the calls in it are told apart by what they
// would make. Pure functions; any thread may call them.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/value.h"

#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

enum class ObjectKind {
  none,
  boolean,
  integer,
  real,
  complex,
  text,
  bytes,
  bytearray,
  list,
  tuple,
  set,
  dict,  ///< also an OrderedDict, a Counter
  size,
  dtype,
  device,
  layout,
  numpy_scalar,
  numpy_array,
  tensor,
  other,  ///< not read
};

[[nodiscard]] ObjectKind object_kind(const PickleDocument& document, PickleValue value);

/// Has a row of numbers: a tensor or a NumPy array.
[[nodiscard]] inline bool is_numbers(ObjectKind kind) {
  return kind == ObjectKind::tensor || kind == ObjectKind::numpy_array;
}

/// Name of a dtype, `float32`; the value is one.
[[nodiscard]] std::string_view dtype_name(const PickleDocument& document, PickleValue dtype);

/// Throws at the place in the file where the pickle made the node.
[[noreturn]] void fail_at(const PickleDocument& document, const PickleNode& node, ErrorCode code,
                          const std::string& problem);
/// As fail_at(); of a value that is no node, without a place.
[[noreturn]] void fail_at(const PickleDocument& document, PickleValue value, ErrorCode code,
                          const std::string& problem);

}  // namespace lancekeep::formats
