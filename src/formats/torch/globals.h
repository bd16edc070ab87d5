// SPDX-License-Identifier: Apache-2.0
// The list of what the pickle of a torch state dict may name, and nothing else may be on it without
// a reader here that knows what it means. Pure functions; any thread may call them.
#pragma once

#include "formats/pickle/machine.h"

#include <optional>
#include <string_view>

namespace lancekeep::formats {

/// Allows collections.OrderedDict, torch._utils._rebuild_{tensor,tensor_v2,tensor_v3,parameter},
/// torch.Size, torch's dtypes and storage types.
[[nodiscard]] std::optional<GlobalRefusal> refuse_torch_global(std::string_view module,
                                                               std::string_view name);

/// The dtype of a storage type's elements, "float32" for `FloatStorage`; uint8 for
/// `UntypedStorage`, which counts bytes. Nothing for any other global.
[[nodiscard]] std::optional<std::string_view> storage_type_dtype(std::string_view module,
                                                                 std::string_view name);

}  // namespace lancekeep::formats
