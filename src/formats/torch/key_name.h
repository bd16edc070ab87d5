// SPDX-License-Identifier: Apache-2.0
// Names of rows. Pure functions; any thread may call them.
#pragma once

#include "formats/torch/torch_file.h"

#include <string>

namespace lancekeep::formats {

/// Returns a dict's key as part of a row's name, as Python's str() writes it: `weight`, `0`, `1.5`,
/// `None`, `('a', 1)`. Characters beyond ASCII are never escaped. A key that is rarely used, such as
/// a frozenset, becomes its JSON text.
/// @throws Error unsupported for a key that is not UTF-8, or has no name at all.
[[nodiscard]] std::string key_name(const TorchFile& torch, PickleValue key);

}  // namespace lancekeep::formats
