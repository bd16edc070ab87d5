// SPDX-License-Identifier: Apache-2.0
#include "store/gc/version_files.h"

#include <utility>

namespace lancekeep::store {

VersionFiles read_version_files(const io::Storage& storage, const lance::VersionEntry& entry) {
  lance::Manifest manifest = lance::read_manifest(storage, entry).manifest;
  std::vector<std::string> names = {entry.path};
  if (!manifest.transaction_file.empty()) {
    names.push_back(lance::transaction_path(manifest.transaction_file));
  }
  for (const lance::Fragment& fragment : manifest.fragments) {
    for (const lance::DataFile& file : fragment.files) names.push_back(lance::data_path(file));
    if (fragment.deletion) names.push_back(lance::deletion_path(fragment.id, *fragment.deletion));
  }
  return {std::move(manifest), std::move(names)};
}

}  // namespace lancekeep::store
