// SPDX-License-Identifier: Apache-2.0
// NumPy's scalars and arrays in a torch file's pickle: their bytes stand in the pickle itself.
#pragma once

#include "formats/torch/file.h"
#include "formats/torch/raw_bytes.h"
#include "formats/torch/tensor.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace lancekeep::formats {

struct NumpyDtype {
  std::string_view name;  ///< torch's name for it
  std::string code;       ///< NumPy's, with the byte order: "<f8", "|u1"
  std::size_t itemsize = 1;
};

struct NumpyScalar {
  NumpyDtype dtype;
  RawBytes bytes;
};

/// `where` is what the error calls it: "entry `a`".
/// @throws Error corrupt; unsupported, for a dtype that torch lacks, naming it.
[[nodiscard]] NumpyScalar read_numpy_scalar(const TorchFile& torch, PickleValue value,
                                            const std::string& where);
/// As a tensor, whose bytes lie in the pickle.
[[nodiscard]] TorchTensor read_numpy_array(const TorchFile& torch, PickleValue value,
                                           const std::string& where);

}  // namespace lancekeep::formats
