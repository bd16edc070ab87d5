// SPDX-License-Identifier: Apache-2.0
// The state dicts of a torch.nn.Module and of an optimizer of which a pickle has the whole object.
// One thread.
#pragma once

#include "formats/torch/torch_file.h"

namespace lancekeep::formats {

/// Adds a dict to the document with the parameters and persistent buffers of the module and of the
/// modules inside it, under the names that module.state_dict() has. The module must be one by
/// is_module(). Hooks and code that a module's class adds are not run.
/// @throws Error unsupported if modules are nested too deeply, or the budget does not suffice.
[[nodiscard]] PickleValue make_state_dict(TorchFile& torch, PickleValue module);

/// Adds a dict to the document that is what optimizer.state_dict() returns: `state`, by the numbers
/// of the parameters, and `param_groups`, in which the parameters are their numbers. The object must
/// be one by is_optimizer().
[[nodiscard]] PickleValue make_optimizer_state(TorchFile& torch, PickleValue optimizer);

}  // namespace lancekeep::formats
