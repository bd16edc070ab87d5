// SPDX-License-Identifier: Apache-2.0
// The text of an .npy header, a Python dict of three keys, read by a strict parser: nothing is
// evaluated. A pure function; any thread may call it.
#pragma once

#include <lancekeep/tensor.h>

#include "io/byte_view.h"

#include <string>

namespace lancekeep::formats {

/// NumPy 2 has arrays of at most so many dimensions.
inline constexpr std::size_t kNumpyMostDimensions = 64;

struct NpyHeaderText {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// `name` is the array's, for messages.
/// @throws Error corrupt, or unsupported: a descr that is no text (structured, subarray), too many
/// dimensions.
[[nodiscard]] NpyHeaderText parse_npy_header_text(const io::ByteView& text,
                                                  const std::string& name);

}  // namespace lancekeep::formats
