// SPDX-License-Identifier: Apache-2.0
// The keys of a checkpoint's dicts as parts of its rows' names. Pure functions; any thread may call
// them.
#pragma once

#include "formats/pickle/value.h"

#include <string>

namespace lancekeep::formats {

/// What Python's str() gives for the key: `weight`, `0`, `1.5`, `None`, `('a', 1)`. In texts that
/// stand within tuples, characters beyond ASCII are never escaped.
/// @throws Error unsupported, for a text that is not UTF-8.
[[nodiscard]] std::string key_name(const PickleDocument& document, PickleValue key);

}  // namespace lancekeep::formats
