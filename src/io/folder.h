// SPDX-License-Identifier: Apache-2.0
// What LocalStorage asks the system about folders: their entries. All functions throw Error with
// the given name of the folder.
#pragma once

#include "io/descriptor.h"
#include "io/storage.h"

#include <string>
#include <vector>

namespace lancekeep::io {

/// All entries of `folder` except "." and "..", in any order.
[[nodiscard]] std::vector<FolderEntry> list_folder(Descriptor folder, const std::string& name);
/// The names of the entries that are not folders. Faster, since it needs no system call per entry.
[[nodiscard]] std::vector<std::string> file_names_of(Descriptor folder, const std::string& name);

}  // namespace lancekeep::io
