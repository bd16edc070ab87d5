// SPDX-License-Identifier: Apache-2.0
// Storage on a local POSIX file system.
//
// The protocol that makes a save durable is written as numbered steps at the top of
// local_storage.cc.
#pragma once

#include "io/atomic_file.h"
#include "io/folder_swap.h"
#include "io/storage.h"

#include <filesystem>
#include <memory>

namespace lancekeep::io {

/// @throws Error not_found where `folder` does not exist, invalid_argument where it is not a
/// folder.
[[nodiscard]] std::unique_ptr<Storage> open_local_storage(const std::filesystem::path& folder);

/// Makes `folder` and its missing parents, then opens it. Every folder made is made durable in its
/// parent.
[[nodiscard]] std::unique_ptr<Storage> create_local_storage(const std::filesystem::path& folder);

}  // namespace lancekeep::io
