// SPDX-License-Identifier: Apache-2.0
// The Python type of a value in a checkpoint's pickle, and the content of bytes objects. A call has
// the type of the object that it would make. Protocol 2 cannot write bytes objects: it writes a str
// of the characters U+0000 to U+00FF, as UTF-8, and a call that encodes this str as Latin-1. Pure
// functions; any thread may call them.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "formats/pickle/value.h"
#include "io/input_file.h"

#include <cstdint>
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
  frozenset,
  deque,
  dict,  ///< also an OrderedDict, a Counter or a defaultdict
  size,
  dtype,
  device,
  layout,
  constant,  ///< see constant_json()
  path,
  date,
  time,
  datetime,
  timedelta,
  decimal,
  fraction,
  uuid,
  range,
  slice,
  numpy_scalar,
  numpy_dtype,
  numpy_array,
  tensor,
  foreign,  ///< a class or a function whose meaning is not known, or what it would make
  other,    ///< not supported
};

[[nodiscard]] ObjectKind object_kind(const PickleDocument& document, PickleValue value);

/// Whether a value of this kind becomes a row of numbers: a tensor or a NumPy array.
[[nodiscard]] inline bool is_numbers(ObjectKind kind) {
  return kind == ObjectKind::tensor || kind == ObjectKind::numpy_array;
}

[[nodiscard]] inline bool is_container(ObjectKind kind) {
  return kind == ObjectKind::list || kind == ObjectKind::tuple || kind == ObjectKind::set ||
         kind == ObjectKind::frozenset || kind == ObjectKind::deque || kind == ObjectKind::dict;
}

/// Returns the name of a dtype, such as "float32". The value must be a dtype.
[[nodiscard]] std::string_view dtype_name(const PickleDocument& document, PickleValue dtype);

/// Throws an error at the file offset where the pickle made the node.
[[noreturn]] void fail_at(const PickleDocument& document, const PickleNode& node, ErrorCode code,
                          const std::string& problem);
/// The same for a value. The error has an offset only if the value is a node.
[[noreturn]] void fail_at(const PickleDocument& document, PickleValue value, ErrorCode code,
                          const std::string& problem);

/// The place in the file of the content of a bytes object or a bytearray.
struct RawBytes {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  ///< in the file
  bool latin1 = false;       ///< UTF-8 of the characters U+0000 to U+00FF, one for each byte
};

/// Returns the place of the content of bytes, a bytearray, or a call that makes one of them;
/// otherwise nullopt.
[[nodiscard]] std::optional<RawBytes> raw_bytes(const PickleDocument& document, PickleValue value);
/// Pushes the content into `sink`, piece by piece. @throws Error corrupt if it is not Latin-1.
void push_raw_bytes(const io::InputFile& file, const RawBytes& raw, const ByteSink& sink);
/// Returns the number of bytes that push_raw_bytes() pushes.
[[nodiscard]] std::uint64_t count_raw_bytes(const io::InputFile& file, const RawBytes& raw);
/// Reads all bytes that push_raw_bytes() pushes. The caller must have taken raw.length from the
/// budget.
[[nodiscard]] std::string read_raw_bytes(const io::InputFile& file, const RawBytes& raw);

}  // namespace lancekeep::formats
