// SPDX-License-Identifier: Apache-2.0
// A torch file as a source of tensors: a state dict, or a training checkpoint.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/torch/torch_file.h"

#include <memory>

namespace lancekeep::formats {

/// Opens the rows (torch_rows.h) of the file's object, in the object's order. Parameters become
/// tensors. Entries that are the same view of one storage are tied. requires_grad is not kept. With
/// `skip_objects`, objects of classes whose meaning is not known are left out or become plain data,
/// and the notes list them (skipped_objects.h).
/// @throws Error unsafe, naming such classes; unsupported, naming a value of the object that is not
/// supported; corrupt.
[[nodiscard]] std::unique_ptr<TensorSource> open_torch_checkpoint(TorchFile torch,
                                                                  bool skip_objects = false);

}  // namespace lancekeep::formats
