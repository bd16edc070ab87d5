// SPDX-License-Identifier: Apache-2.0
// Reads NumPy's scalars and arrays in a torch file's pickle. Their bytes are in the pickle itself.
// Pure functions; any thread may call them.
#pragma once

#include "formats/torch/python_object.h"
#include "formats/torch/torch_file.h"
#include "formats/torch/torch_tensor.h"
#include "tensor/dtype_names.h"

#include <string>

namespace lancekeep::formats {

struct NumpyScalar {
  std::string descr;                  ///< NumPy's name of the dtype: "<f8", "<U3", "<M8[D]"
  const DtypeNames* dtype = nullptr;  ///< null unless it is a number
  RawBytes bytes;
};

/// `where` names the value in errors: "entry `a`".
/// @throws Error corrupt; unsupported, naming a dtype that torch lacks.
[[nodiscard]] NumpyScalar read_numpy_scalar(const TorchFile& torch, PickleValue value,
                                            const std::string& where);
/// Returns NumPy's name of a numpy.dtype object, such as "<f4".
[[nodiscard]] std::string read_numpy_dtype(const TorchFile& torch, PickleValue value,
                                           const std::string& where);
/// Reads an array as a tensor whose bytes are in the pickle.
[[nodiscard]] TorchTensor read_numpy_array(const TorchFile& torch, PickleValue value,
                                           const std::string& where);

}  // namespace lancekeep::formats
