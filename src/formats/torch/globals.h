// SPDX-License-Identifier: Apache-2.0
// The list of what the pickle of a torch checkpoint may name, and nothing else may be on it without
// a reader here that knows what it means. Pure functions; any thread may call them.
#pragma once

#include "formats/pickle/machine.h"

#include <optional>
#include <string_view>

namespace lancekeep::formats {

/// Allows torch's dtypes and storage types, and what callable.h lists.
[[nodiscard]] std::optional<GlobalRefusal> refuse_torch_global(std::string_view module,
                                                               std::string_view name);

/// The dtype of a storage type's elements, "float32" for `FloatStorage`; uint8 for
/// `UntypedStorage`, which counts bytes. Nothing for any other global.
[[nodiscard]] std::optional<std::string_view> storage_type_dtype(std::string_view module,
                                                                 std::string_view name);

}  // namespace lancekeep::formats
