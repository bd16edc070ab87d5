// SPDX-License-Identifier: Apache-2.0
// What stands behind the public Store, and the questions that saves, versions and tags ask of it.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "lance/table/dataset.h"
#include "store/rows/tensor_table.h"

namespace lancekeep {

struct Store::State {
  std::filesystem::path path;
  std::shared_ptr<io::Storage> storage;
};

}  // namespace lancekeep

namespace lancekeep::store {

/// The manifest list's entry that `ref` stands for. Throws not_found, saying which versions there
/// are.
[[nodiscard]] lance::VersionEntry resolve(const io::Storage& storage,
                                          const lance::VersionList& list, const Ref& ref);
/// "1–3, 5 and 7"; "none".
[[nodiscard]] std::string describe_versions(const lance::VersionList& list);

/// Throws unsupported or invalid_argument unless the manifest is one of the native layout.
void require_native(const io::Storage& storage, const lance::Manifest& manifest);

/// Everything about a version but its tensors' rows. `before` is the version before it, if any;
/// `table` its rows, where they have been read.
[[nodiscard]] VersionInfo describe(const io::Storage& storage, const lance::VersionEntry& entry,
                                   const lance::ManifestFile& file,
                                   const lance::ManifestFile* before,
                                   const TensorTable* table = nullptr);
/// Tag names by version; a damaged tag is left out.
[[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> tags_by_version(
    const io::Storage& storage);

}  // namespace lancekeep::store
