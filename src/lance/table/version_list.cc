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

VersionList list_versions(const io::Storage& storage) {
  VersionList list;
  for (const std::string& file : storage.file_names(kVersionsFolder)) {
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
  throw Error(ErrorCode::conflict,
              std::filesystem::exists(folder, ignored)
                  ? "the store was replaced by another one; open it again"
                  : "the store is gone: its folder was removed or renamed",
              folder);
}

}  // namespace lancekeep::lance
