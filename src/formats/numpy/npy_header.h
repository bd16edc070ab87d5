// SPDX-License-Identifier: Apache-2.0
// The header of one .npy array: magic, version, and the text of a Python dict,
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
// A strict parser reads the text; nothing is evaluated. The `descr` gives the byte order, the kind,
// and the number of bytes per element. Pure functions; any thread may call them.
#pragma once

#include <lancekeep/tensor.h>

#include "io/byte_view.h"
#include "tensor/dtype_names.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lancekeep::formats {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";
/// NumPy 2 supports at most this many dimensions.
inline constexpr std::size_t kNumpyMostDimensions = 64;

struct NpyHeaderText {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Parses a header's text. `name` is the array's name, for messages.
/// @throws Error corrupt; unsupported for too many dimensions, or if `descr` is not a string, as in
/// structured arrays and subarrays.
[[nodiscard]] NpyHeaderText parse_npy_header_text(const io::ByteView& text,
                                                  const std::string& name);

struct NumpyDescr {
  const DtypeNames* dtype = nullptr;
  bool is_big_endian = false;
};

/// Looks up the `descr` of the array `name`. `at` is its place in the file, for messages. Raw bytes
/// (void) have the dtype `void_dtype`, if that is given and takes as many bytes.
/// @throws Error unsupported, with advice, for any dtype that is not a number.
[[nodiscard]] NumpyDescr read_numpy_descr(std::string_view descr, const std::string& name,
                                          const io::ByteView& at, std::string_view void_dtype = {});

/// Looks up a dtype by Lancekeep's name; null if NumPy lacks the dtype.
[[nodiscard]] const DtypeNames* numpy_dtype_of(std::string_view dtype) noexcept;

/// Reverses the bytes of each number in `elements`.
void swap_numbers(const DtypeNames& dtype, std::span<std::byte> elements);

/// Returns everything that precedes the values of a row-major array, byte for byte as numpy.save
/// writes it.
[[nodiscard]] std::string encode_npy_header(const DtypeNames& dtype, const Shape& shape);

}  // namespace lancekeep::formats
