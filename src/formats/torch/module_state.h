// SPDX-License-Identifier: Apache-2.0
// The state dict of a torch.nn.Module whose pickle has the whole module. One thread.
#pragma once

#include "formats/torch/torch_file.h"

namespace lancekeep::formats {

/// Adds a dict to the document with the parameters and persistent buffers of the module and of the
/// modules inside it, under the names that module.state_dict() has. The module must be one by
/// is_module(). Hooks and code that a module's class adds are not run.
/// @throws Error unsupported if modules are nested too deeply, or the budget does not suffice.
[[nodiscard]] PickleValue make_state_dict(TorchFile& torch, PickleValue module);

}  // namespace lancekeep::formats
