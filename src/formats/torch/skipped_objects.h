// SPDX-License-Identifier: Apache-2.0
// Reads past objects of classes whose meaning is not known (foreign_objects.h). One thread.
#pragma once

#include "formats/torch/torch_file.h"

#include <string>
#include <vector>

namespace lancekeep::formats {

/// Changes the document so that it has no foreign objects, and returns a note for each class and
/// what became of it. Nothing is run. An object becomes what the pickle says about it:
///   - a module or an optimizer: its state dict, as its state_dict() returns it;
///   - a subclass of dict or list: a dict or list;
///   - OmegaConf's containers and nodes: what they hold;
///   - any object with attributes, such as a Namespace or a dataclass: a dict of them;
///   - an object of a class that is made from values, such as an enum or a namedtuple: the value,
///     or a tuple of the values.
/// All others are left out, and so are tensors and arrays whose kind is not supported: an entry of
/// a dict or a set is removed, an item of a list or tuple becomes None. An object inside itself is
/// left out.
/// @throws Error unsupported if nothing remains; corrupt.
[[nodiscard]] std::vector<std::string> skip_foreign_objects(TorchFile& torch);

}  // namespace lancekeep::formats
