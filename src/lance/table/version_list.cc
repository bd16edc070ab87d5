// SPDX-License-Identifier: Apache-2.0
#include "lance/table/version_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace lancekeep::lance {
namespace {

[[noreturn]] void fail_mixed_schemes(const io::Storage& storage, const std::string& first,
                                     const std::string& second) {
  throw Error(
      ErrorCode::corrupt,
      fmt::format("manifests are named in two ways (`{}` and `{}`), as after an interrupted "
                  "migration, so the latest version is not certain. Finish the migration "
                  "with pylance's Dataset.migrate_manifest_paths_v2()",
                  first, second),
      storage.full_name(kVersionsFolder));
}

}  // namespace

namespace {

// A folder is not listed in one step: while versions are added and removed, a list can miss both
// the old ones and the new ones. No store has no manifest at all once it had one, so an empty list
// is read again.
std::vector<std::string> manifest_names(const io::Storage& storage) {
  constexpr int kMaxLists = 3;
  std::vector<std::string> names;
  for (int i = 0; i < kMaxLists; ++i) {
    names = storage.file_names(kVersionsFolder);
    if (std::ranges::any_of(
            names, [](const auto& name) { return parse_manifest_name(name).has_value(); })) {
      break;
    }
  }
  return names;
}

}  // namespace

VersionList list_versions(const io::Storage& storage) {
  VersionList list;
  for (const std::string& file : manifest_names(storage)) {
    const std::optional<ManifestName> name = parse_manifest_name(file);
    if (!name) continue;
    const std::string path = std::string(kVersionsFolder) + "/" + file;
    if (!list.entries.empty() && name->scheme != list.scheme) {
      fail_mixed_schemes(storage, list.entries.front().path, path);
    }
    list.scheme = name->scheme;
    list.entries.push_back({name->version, path});
  }
  std::sort(list.entries.begin(), list.entries.end(),
            [](const auto& a, const auto& b) { return a.version < b.version; });
  return list;
}

void require_current(const io::Storage& storage) {
  if (storage.is_current()) return;
  const std::string folder = storage.full_name("");
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) {
    throw Error(ErrorCode::not_found, "the store is gone: its folder was removed or renamed",
                folder);
  }
  throw Error(ErrorCode::conflict, "the store was replaced by another one; open it again", folder);
}

}  // namespace lancekeep::lance
