// SPDX-License-Identifier: Apache-2.0
#include "store/save/referenced_files.h"

#include <lancekeep/error.h>

#include "lance/table/file_names.h"
#include "store/table/properties.h"

#include <algorithm>
#include <utility>

namespace lancekeep::store {
namespace {

std::vector<std::string> paths_of(const std::vector<lance::Fragment>& fragments) {
  std::vector<std::string> paths;
  for (const lance::Fragment& fragment : fragments) {
    for (const lance::DataFile& file : fragment.files) paths.push_back(lance::data_path(file));
    if (fragment.deletion) paths.push_back(lance::deletion_path(fragment.id, *fragment.deletion));
  }
  return paths;
}

}  // namespace

ReferencedFiles read_referenced_files(const io::Storage& storage,
                                      const lance::VersionEntry& entry) {
  lance::ManifestFile file = lance::read_manifest(storage, entry);
  const lance::Manifest& manifest = file.manifest;
  std::vector<std::string> names = paths_of(manifest.fragments);
  names.push_back(entry.path);
  if (!manifest.transaction_file.empty()) {
    names.push_back(lance::transaction_path(manifest.transaction_file));
  }
  if (!file.indices) {
    throw Error(ErrorCode::corrupt,
                "the manifest's list of indices cannot be read, so their files are unknown",
                storage.full_name(entry.path));
  }
  std::vector<std::string> indices;
  for (const std::string& uuid : *file.indices) indices.push_back(lance::index_folder(uuid));
  const bool synced = is_synced(file);
  return {std::move(file.manifest), std::move(names), std::move(indices), synced};
}

bool files_exist(const io::Storage& storage, const std::vector<lance::Fragment>& fragments) {
  return std::ranges::all_of(paths_of(fragments),
                             [&](const std::string& path) { return storage.exists(path); });
}

bool is_synced(const lance::ManifestFile& file) {
  return file.transaction &&
         number_property(file.transaction->properties, kSyncedKey) == file.manifest.version;
}

void sync_files(io::Storage& storage, const std::set<std::string>& paths) {
  std::set<std::string> folders;
  for (const std::string& path : paths) {
    try {
      storage.sync_file(path);
      folders.insert(path.substr(0, path.rfind('/')));
    } catch (const Error& e) {
      if (e.code() != ErrorCode::not_found) throw;
    }
  }
  for (const std::string& folder : folders) storage.sync_folder(folder);
}

void sync_dataset(io::Storage& storage) {
  const auto entries = lance::list_lance_folders(storage);
  for (const auto& [path, entry] : entries) {
    if (entry.is_file) storage.sync_file(path);
  }
  for (const auto& [path, entry] : entries) {
    if (entry.is_folder) storage.sync_folder(path);
  }
  storage.sync_folder("");
}

void sync_shared_files(io::Storage& storage, const lance::ManifestFile& base,
                       const std::vector<lance::Fragment>& fragments) {
  if (is_synced(base)) return;
  const auto paths = paths_of(fragments);
  sync_files(storage, {paths.begin(), paths.end()});
}

}  // namespace lancekeep::store
