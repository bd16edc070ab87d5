// SPDX-License-Identifier: Apache-2.0
// A torch file as a source of tensors: a state dict, or a training checkpoint.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/torch/file.h"

#include <memory>

namespace lancekeep::formats {

/// The rows of the file's object (rows.h), in its order. Parameters count as tensors, entries that
/// are the same view of one storage are tied, requires_grad is not kept.
/// @throws Error unsupported where something in the object is not read, with its name; corrupt.
[[nodiscard]] std::unique_ptr<TensorSource> open_torch_checkpoint(const TorchFile& torch);

}  // namespace lancekeep::formats
