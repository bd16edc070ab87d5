// SPDX-License-Identifier: Apache-2.0
// Telling a dataset's folder from something else.
#pragma once

#include "io/storage.h"

#include <filesystem>

namespace lancekeep::store {

/// Throws io where the system cannot tell.
[[nodiscard]] bool is_there(const std::filesystem::path& path);
/// Throws unsupported for what is meant as an address, such as "s3://…": as a path it would name a
/// folder "s3:".
void require_local(const std::filesystem::path& path);
/// Throws invalid_argument unless the folder is a Lance dataset (it has `_versions`).
void require_dataset(const io::Storage& storage, const std::filesystem::path& path);
/// The same, but a folder with nothing in it will do.
void require_dataset_or_empty(const io::Storage& storage, const std::filesystem::path& path);

}  // namespace lancekeep::store
