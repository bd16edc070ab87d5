// SPDX-License-Identifier: Apache-2.0
// Turns a checkpoint's object into rows, as docs/format/tensors.md defines: a row for each tensor
// and array, a row of JSON for each other value, and the tree, which records how they were nested.
// Pure functions; any thread may call them.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/torch/torch_file.h"
#include "formats/torch/torch_tensor.h"

#include <string>
#include <variant>
#include <vector>

namespace lancekeep::formats {

/// A place in the file, or the bytes themselves.
using RowValue = std::variant<TensorPlace, std::vector<char>>;

struct TorchRows {
  std::vector<TensorSpec> specs;
  std::vector<RowValue> values;  ///< one for each spec
  Metadata metadata;             ///< what is not in rows: see state_dicts.h
  std::vector<std::string> notes;
};

/// Memory for the rows is taken from the file's budget.
/// @throws Error corrupt; unsupported, naming a value that is not supported.
[[nodiscard]] TorchRows make_rows(const TorchFile& torch);

}  // namespace lancekeep::formats
