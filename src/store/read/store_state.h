// SPDX-License-Identifier: Apache-2.0
// What stands behind the public Store, and the questions that saves, versions and tags ask of it.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"

#include <optional>

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
/// The version that `ref` refers to, with its manifest, which is read once.
struct ResolvedVersion {
  lance::VersionEntry entry;
  lance::ManifestFile file;
  std::string warning;  ///< which newer, torn versions the latest one skips; empty: none
};
[[nodiscard]] ResolvedVersion read_resolved(const io::Storage& storage,
                                            const lance::VersionList& list, const Ref& ref);
/// "1–3, 5 and 7"; "none".
[[nodiscard]] std::string describe_versions(const lance::VersionList& list);

using lance::require_current;

/// How a manifest keeps a model. Throws invalid_argument where it keeps none.
[[nodiscard]] Layout require_model(const io::Storage& storage, const lance::Manifest& manifest);
/// Throws unsupported or invalid_argument unless the manifest is one of the native layout.
void require_native(const io::Storage& storage, const lance::Manifest& manifest);

/// Files by their paths in the store, with the sizes that the manifest gives; else 0.
using FileSizes = std::map<std::string, std::uint64_t>;
/// Every file that a version stands on, but its manifest.
[[nodiscard]] FileSizes files_of(const lance::Manifest& manifest);

/// Everything about a version but its tensors' rows. `earlier` are files that do not count as
/// added; `tensor_bytes` those of its rows, where they have been read.
[[nodiscard]] VersionInfo describe(const io::Storage& storage, const lance::VersionEntry& entry,
                                   const lance::ManifestFile& file, const FileSizes& earlier,
                                   std::optional<std::uint64_t> tensor_bytes = std::nullopt);
/// Tag names by version; a damaged tag is left out.
[[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> tags_by_version(
    const io::Storage& storage);

}  // namespace lancekeep::store
