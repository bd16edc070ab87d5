// SPDX-License-Identifier: Apache-2.0
// A torch file that holds a flat state dict, as a source of tensors.
#pragma once

#include "formats/torch/file.h"

#include <lancekeep/tensor.h>

#include <memory>

namespace lancekeep::formats {

/// The entries of a dict or OrderedDict from str to tensor, in its order. Parameters count as
/// tensors, entries that are the same view of one storage are tied, requires_grad is not kept.
/// @throws Error unsupported where the object or an entry is something else, with its name;
/// corrupt.
[[nodiscard]] std::unique_ptr<TensorSource> open_torch_checkpoint(const TorchFile& torch);

}  // namespace lancekeep::formats
