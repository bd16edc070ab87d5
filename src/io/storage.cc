// SPDX-License-Identifier: Apache-2.0
#include "io/storage.h"

#include <fmt/format.h>

#include <utility>

namespace lancekeep::io {
namespace {

struct Level {
  std::string folder;
  std::size_t depth = 0;
};

std::vector<FolderEntry> list_level(const Storage& storage, const Level& level,
                                    std::size_t max_depth) {
  if (level.depth <= max_depth) return storage.list(level.folder);
  throw Error(ErrorCode::unsupported,
              fmt::format("this folder is more than {} levels deep and was not read", max_depth),
              storage.full_name(level.folder));
}

}  // namespace

std::vector<std::string> Storage::file_names(const std::string& folder) const {
  std::vector<std::string> names;
  for (FolderEntry& entry : list(folder)) {
    if (!entry.is_folder) names.push_back(std::move(entry.name));
  }
  return names;
}

std::map<std::string, FolderEntry> walk_folder(const Storage& storage, const std::string& folder,
                                               std::size_t max_depth, const WalkError& on_error) {
  std::map<std::string, FolderEntry> found;
  std::vector<Level> left = {{folder, 0}};
  while (!left.empty()) {
    const Level level = std::move(left.back());
    left.pop_back();
    try {
      for (FolderEntry& entry : list_level(storage, level, max_depth)) {
        std::string path = level.folder.empty() ? entry.name : level.folder + "/" + entry.name;
        if (entry.is_folder) left.push_back({path, level.depth + 1});
        found.emplace(std::move(path), std::move(entry));
      }
    } catch (const Error& error) {
      if (!on_error) throw;
      on_error(error);
    }
  }
  return found;
}

}  // namespace lancekeep::io
