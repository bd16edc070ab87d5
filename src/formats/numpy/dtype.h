// SPDX-License-Identifier: Apache-2.0
// The dtypes that NumPy and torch share, and how an .npy header spells them: byte order, kind, and
// bytes of one element, as `<f4`. Pure functions; any thread may call them.
#pragma once

#include "io/byte_view.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lancekeep::formats {

struct NumpyDtype {
  std::string_view dtype;  ///< "float32"
  std::string_view kind;   ///< "f4"
  std::size_t itemsize = 1;
  std::size_t number = 1;  ///< bytes of one number, whose byte order it is; complex has two
};

struct NumpyDescr {
  const NumpyDtype* dtype = nullptr;
  bool is_big_endian = false;
};

/// What `descr` of the array `name` says. `at` is where it stands in the file.
/// @throws Error unsupported for what is no tensor of numbers, with what to do about it.
[[nodiscard]] NumpyDescr read_numpy_descr(std::string_view descr, const std::string& name,
                                          const io::ByteView& at);

/// By Lancekeep's name; null where NumPy lacks it.
[[nodiscard]] const NumpyDtype* numpy_dtype_of(std::string_view dtype) noexcept;

/// "<f4"; what has one byte has no order, "|u1".
[[nodiscard]] std::string to_descr(const NumpyDtype& dtype);

/// Reverses the bytes of each number of `elements`.
void swap_numbers(const NumpyDtype& dtype, std::span<std::byte> elements);

}  // namespace lancekeep::formats
