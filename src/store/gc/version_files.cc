// SPDX-License-Identifier: Apache-2.0
#include "store/gc/version_files.h"

#include "store/save/files_there.h"

#include <utility>

namespace lancekeep::store {

VersionFiles read_version_files(const io::Storage& storage, const lance::VersionEntry& entry) {
  lance::ManifestFile read = lance::read_manifest(storage, entry);
  const lance::Manifest& manifest = read.manifest;
  std::vector<std::string> names = {entry.path};
  if (!manifest.transaction_file.empty()) {
    names.push_back(lance::transaction_path(manifest.transaction_file));
  }
  for (const lance::Fragment& fragment : manifest.fragments) {
    for (const lance::DataFile& file : fragment.files) names.push_back(lance::data_path(file));
    if (fragment.deletion) names.push_back(lance::deletion_path(fragment.id, *fragment.deletion));
  }
  const bool synced = is_synced(read);
  return {std::move(read.manifest), std::move(names), synced};
}

}  // namespace lancekeep::store
