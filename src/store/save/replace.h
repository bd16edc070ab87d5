// SPDX-License-Identifier: Apache-2.0
// Replacing a store as a whole.
#pragma once

#include <lancekeep/store.h>

namespace lancekeep::store {

/// Store::replace. See the numbered steps in replace.cc.
SaveReport replace_store(const std::filesystem::path& path, TensorSource& source,
                         const SaveOptions& options);

}  // namespace lancekeep::store
