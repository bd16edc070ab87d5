// SPDX-License-Identifier: Apache-2.0
#include "io/storage.h"

namespace lancekeep::io {

std::vector<std::string> Storage::file_names(const std::string& folder) const {
  std::vector<std::string> names;
  for (FolderEntry& entry : list(folder)) {
    if (!entry.is_folder) names.push_back(std::move(entry.name));
  }
  return names;
}

}  // namespace lancekeep::io
