// SPDX-License-Identifier: Apache-2.0
// All that lies below a folder of a storage.
#pragma once

#include "io/storage.h"

#include <functional>
#include <map>
#include <string>

namespace lancekeep::io {

/// Told of a folder whose names cannot be read, or that lies too deep.
using PassedOver = std::function<void(const Error& error)>;

/// Everything below `folder` ("" is the storage's own) by its path in the storage, folders
/// included; no link is followed on the way down. Folders more than `max_depth` levels below
/// `folder`, or that cannot be listed, are passed over after `passed_over` was told; without it,
/// the error is thrown.
[[nodiscard]] std::map<std::string, FolderEntry> walk_folder(const Storage& storage,
                                                             const std::string& folder,
                                                             std::size_t max_depth,
                                                             const PassedOver& passed_over = {});

}  // namespace lancekeep::io
