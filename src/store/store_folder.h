// SPDX-License-Identifier: Apache-2.0
// A store as a folder among others: telling one from something else, and replacing one as a whole.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"

namespace lancekeep::store {

/// Throws io where the system cannot tell.
[[nodiscard]] bool is_there(const std::filesystem::path& path);
/// Throws invalid_argument unless the folder is a Lance dataset (it has `_versions`).
void require_dataset(const io::Storage& storage, const std::filesystem::path& path);
/// The same, but a folder with nothing in it will do.
void require_dataset_or_empty(const io::Storage& storage, const std::filesystem::path& path);

/// Store::replace. See the numbered steps in store_folder.cc.
SaveReport replace_store(const std::filesystem::path& path, TensorSource& source,
                         const SaveOptions& options);

/// Deletes a dataset's folder: only files with names that Lance writes, never through a link, and
/// then the folders that are empty. Returns false where something else was in it and stays.
bool remove_dataset(const std::filesystem::path& folder);

}  // namespace lancekeep::store
