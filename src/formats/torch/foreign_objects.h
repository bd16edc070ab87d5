// SPDX-License-Identifier: Apache-2.0
// Objects of classes whose meaning is not known: argparse.Namespace, OmegaConf, whole modules, a
// user's own classes. They are foreign nodes and object nodes of the document. A file with such
// objects is rejected as a whole, or read without them (skipped_objects.h). Any thread may call the
// function.
#pragma once

#include "formats/torch/torch_file.h"

namespace lancekeep::formats {

/// Rejects a file with foreign objects: the message lists all classes with the paths of keys at
/// which they are, and says what to save instead. The type of a tensor's subclass does not count,
/// because the tensor's bytes do not depend on it.
/// @throws Error unsafe; unsupported if all of them are kinds of tensors.
void reject_foreign_objects(const TorchFile& torch);

}  // namespace lancekeep::formats
