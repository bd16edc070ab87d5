// SPDX-License-Identifier: Apache-2.0
// What a pickle of data may call, each with a reader here that knows what it means. Constant data.
#pragma once

#include "formats/pickle/value.h"

#include <optional>
#include <string_view>

namespace lancekeep::formats {

enum class Callable {
  container,  ///< is done by load_pickle()
  factory,    ///< of a defaultdict; calling one is nothing that a pickler writes
  bytes,
  bytearray,
  complex,
  encode,
  size,
  device,
  layout,
  tensor,
  tensor_v2,
  tensor_v3,
  parameter,
  parameter_with_state,
  from_type,
  tensor_type,  ///< the class of a tensor that `from_type` makes
  numpy_scalar,
  numpy_reconstruct,
  numpy_frombuffer,
  numpy_dtype,
  numpy_ndarray,
};

/// What the global stands for, or nothing where it may not be called.
[[nodiscard]] std::optional<Callable> find_callable(std::string_view module, std::string_view name);

/// Arguments and state of a call; of a value that is no call, the callable is nothing.
struct Call {
  std::optional<Callable> function;
  std::span<const PickleValue> arguments;
  std::optional<PickleValue> state;
};
[[nodiscard]] Call call_of(const PickleDocument& document, PickleValue value);
/// Whether the value is this global.
[[nodiscard]] bool is_global(const PickleDocument& document, PickleValue value, Callable callable);

}  // namespace lancekeep::formats
