// SPDX-License-Identifier: Apache-2.0
// The names in a folder.
#pragma once

#include "io/descriptor.h"
#include "io/storage.h"

namespace lancekeep::io {

/// Everything in `folder` but "." and "..", in any order; `name` is the folder's, for messages.
[[nodiscard]] std::vector<FolderEntry> list_folder(Descriptor folder, const std::string& name);
/// Only the names of what is no folder, without asking for more.
[[nodiscard]] std::vector<std::string> file_names_of(Descriptor folder, const std::string& name);

}  // namespace lancekeep::io
