// SPDX-License-Identifier: Apache-2.0
// The allowlist of globals that the pickle of a torch checkpoint may name. For each global, code in
// this folder knows its meaning. Pure functions; any thread may call them.
#pragma once

#include "formats/pickle/machine.h"
#include "formats/pickle/value.h"

#include <optional>
#include <span>
#include <string_view>

namespace lancekeep::formats {

/// Functions and classes that a pickle of data may call.
enum class Callable {
  container,  ///< made by load_pickle()
  factory,    ///< the argument of a defaultdict; never called
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

/// Returns the callable with this name; nullopt if a pickle must not call it.
[[nodiscard]] std::optional<Callable> find_callable(std::string_view module, std::string_view name);
/// Whether the value is a global that names this callable.
[[nodiscard]] bool is_global(const PickleDocument& document, PickleValue value, Callable callable);

/// Arguments and state of a call. `function` is unset if the value is not a call.
struct Call {
  std::optional<Callable> function;
  std::span<const PickleValue> arguments;
  std::optional<PickleValue> state;
};
[[nodiscard]] Call call_of(const PickleDocument& document, PickleValue value);

/// Returns nullopt for callables, torch's dtypes and its storage types. Rejects all other globals,
/// with advice.
[[nodiscard]] std::optional<GlobalRejection> reject_torch_global(std::string_view module,
                                                                 std::string_view name);

/// Returns the dtype of a storage type's elements: "float32" for `FloatStorage`, "uint8" for
/// `UntypedStorage`, which counts bytes. nullopt for any other global.
[[nodiscard]] std::optional<std::string_view> storage_type_dtype(std::string_view module,
                                                                 std::string_view name);

}  // namespace lancekeep::formats
