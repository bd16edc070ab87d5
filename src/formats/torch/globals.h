// SPDX-License-Identifier: Apache-2.0
// The globals of a torch checkpoint's pickle whose meaning the code in this folder knows: what
// torch and NumPy write for data, and Python's own types of plain data. All others are foreign, and
// foreign_objects.h decides about them. Pure functions; any thread may call them.
#pragma once

#include "formats/pickle/value.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lancekeep::formats {

/// Functions and classes that a pickle of data may call.
enum class Callable {
  container,  ///< made by load_pickle()
  type,       ///< one of Python's types as a value, or the factory of a defaultdict
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
  from_type_v2,
  wrapper,      ///< a tensor that has others inside, and no bytes of its own
  tensor_type,  ///< the class of a tensor that `from_type` makes
  path,
  date,
  time,
  datetime,
  timedelta,
  timezone,
  decimal,
  fraction,
  uuid,
  range,
  slice,
  numpy_scalar,
  numpy_reconstruct,
  numpy_frombuffer,
  numpy_dtype,
  numpy_ndarray,
};

/// Returns the callable with this name; nullopt if its meaning is not known.
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

/// Whether the global is a callable, a constant (see constant_json), or one of torch's dtypes or
/// storage types.
[[nodiscard]] bool knows_torch_global(std::string_view module, std::string_view name);

/// A global that is a value: its tag and text in JSON, as docs/format/tensors.md defines them:
/// `$constant` Ellipsis, `$memory_format` channels_last, `$type` numpy.float32.
struct ConstantJson {
  const char* tag = nullptr;
  std::string text;
};
[[nodiscard]] std::optional<ConstantJson> constant_json(std::string_view module,
                                                        std::string_view name);
/// Returns a factory of a defaultdict as text, such as `list` or `collections.OrderedDict`; nullopt
/// for one that is not Python's own.
[[nodiscard]] std::optional<std::string> factory_name(const PickleDocument& document,
                                                      PickleValue factory);

/// Returns the dtype of a storage type's elements: "float32" for `FloatStorage`, "uint8" for
/// `UntypedStorage`, which counts bytes. nullopt for any other global.
[[nodiscard]] std::optional<std::string_view> storage_type_dtype(std::string_view module,
                                                                 std::string_view name);

}  // namespace lancekeep::formats
