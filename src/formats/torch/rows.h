// SPDX-License-Identifier: Apache-2.0
// A checkpoint's object as rows, as docs/format/tensors.md says: one for each tensor and array, one
// of JSON for each other value, and the tree, which says how they were nested.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/torch/file.h"
#include "formats/torch/tensor.h"

#include <variant>
#include <vector>

namespace lancekeep::formats {

/// Where a row's bytes are, or they themselves.
using RowValue = std::variant<TensorPlace, std::vector<char>>;

struct TorchRows {
  std::vector<TensorSpec> specs;
  std::vector<RowValue> values;  ///< one for each spec
};

/// What the rows take comes from the file's budget.
/// @throws Error corrupt; unsupported, where a value is of a kind that is not read, by its name.
[[nodiscard]] TorchRows make_rows(const TorchFile& torch);

}  // namespace lancekeep::formats
