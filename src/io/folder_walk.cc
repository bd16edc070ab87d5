// SPDX-License-Identifier: Apache-2.0
#include "io/folder_walk.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace lancekeep::io {
namespace {

struct Place {
  std::string folder;
  std::size_t depth = 0;
};

std::vector<FolderEntry> list_place(const Storage& storage, const Place& place,
                                    std::size_t max_depth) {
  if (place.depth <= max_depth) return storage.list(place.folder);
  throw Error(
      ErrorCode::unsupported,
      fmt::format("this folder lies more than {} levels deep and was not looked into", max_depth),
      storage.full_name(place.folder));
}

}  // namespace

std::map<std::string, FolderEntry> walk_folder(const Storage& storage, const std::string& folder,
                                               std::size_t max_depth,
                                               const PassedOver& passed_over) {
  std::map<std::string, FolderEntry> found;
  std::vector<Place> left = {{folder, 0}};
  while (!left.empty()) {
    const Place place = std::move(left.back());
    left.pop_back();
    try {
      for (FolderEntry& entry : list_place(storage, place, max_depth)) {
        std::string path = place.folder.empty() ? entry.name : place.folder + "/" + entry.name;
        if (entry.is_folder) left.push_back({path, place.depth + 1});
        found.emplace(std::move(path), std::move(entry));
      }
    } catch (const Error& error) {
      if (!passed_over) throw;
      passed_over(error);
    }
  }
  return found;
}

}  // namespace lancekeep::io
