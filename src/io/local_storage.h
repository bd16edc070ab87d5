// SPDX-License-Identifier: Apache-2.0
// Storage on a local POSIX file system. Any number of threads may use one object, but each of its
// files belongs to one thread at a time.
//
// The protocol that makes a save durable is described in numbered steps at the top of
// local_storage.cc.
#pragma once

#include "io/storage.h"

#include <filesystem>
#include <memory>

namespace lancekeep::io {

/// @throws Error not_found if `folder` does not exist; invalid_argument if it is not a folder.
[[nodiscard]] std::unique_ptr<Storage> open_local_storage(const std::filesystem::path& folder);

/// Creates `folder` and its missing parents, syncing each new folder's name in its parent, then
/// opens it.
[[nodiscard]] std::unique_ptr<Storage> create_local_storage(const std::filesystem::path& folder);

}  // namespace lancekeep::io
