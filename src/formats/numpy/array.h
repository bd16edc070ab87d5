// SPDX-License-Identifier: Apache-2.0
// One array as NumPy writes it: magic, version, a header of text, and the values in row-major or
// column-major ("Fortran") order, of either byte order. It is a file by itself or an entry of an
// .npz archive. Any thread may read it.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/numpy/dtype.h"
#include "io/input_file.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace lancekeep::formats {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

struct NumpyArray {
  NumpyDescr descr;
  bool fortran_order = false;
  Shape shape;
  std::uint64_t offset = 0;  ///< of the values, in the file
  std::uint64_t nbytes = 0;

  /// Whether the bytes in the file are those of a tensor as they are.
  [[nodiscard]] bool is_plain() const;
};

/// Reads the array whose magic is at `offset`, and which takes `size` bytes, all of them. `name` is
/// for messages.
/// @throws Error corrupt, or unsupported for what is no tensor of numbers.
[[nodiscard]] NumpyArray read_numpy_array(const io::InputFile& file, std::uint64_t offset,
                                          std::uint64_t size, const std::string& name);

/// Pushes the values in row-major order, little-endian.
void push_numpy_array(const io::InputFile& file, const NumpyArray& array, const ByteSink& sink);

/// What stands in front of the values of a row-major array, byte for byte as numpy.save has it.
[[nodiscard]] std::string encode_npy_header(const NumpyDtype& dtype, const Shape& shape);

}  // namespace lancekeep::formats
