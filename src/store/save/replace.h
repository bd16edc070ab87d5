// SPDX-License-Identifier: Apache-2.0
// Replacing a store as a whole.
#pragma once

#include <lancekeep/store.h>

namespace lancekeep::store {

/// Store::replace. See the numbered steps in store_folder.cc.
SaveReport replace_store(const std::filesystem::path& path, TensorSource& source,
                         const SaveOptions& options);

/// Deletes a dataset's folder: only files with names that Lance writes, never through a link, and
/// then the folders that are empty. Returns false where something else was in it and stays.
bool remove_dataset(const std::filesystem::path& folder);

}  // namespace lancekeep::store
