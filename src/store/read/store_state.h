// SPDX-License-Identifier: Apache-2.0
// What stands behind the public Store, and the questions that saves, versions and tags ask of it.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "lance/table/dataset.h"

#include <optional>

namespace lancekeep {

struct Store::State {
  std::filesystem::path path;
  std::shared_ptr<io::Storage> storage;

  [[nodiscard]] static Store make_store(State state) {
    return Store(std::make_shared<State>(std::move(state)));
  }
};

}  // namespace lancekeep

namespace lancekeep::store {

/// The newest version whose manifest is not torn: an empty or cut-short file is what a power cut
/// leaves of a version that was never acknowledged. Null where there is none.
struct Newest {
  const lance::VersionEntry* entry = nullptr;
  std::string warning;  ///< which newer ones were passed over; empty: none
};
[[nodiscard]] Newest newest_whole(const io::Storage& storage, const lance::VersionList& list);

/// The manifest list's entry that `ref` stands for. Throws not_found, saying which versions there
/// are.
[[nodiscard]] lance::VersionEntry resolve(const io::Storage& storage,
                                          const lance::VersionList& list, const Ref& ref);
/// "1–3, 5 and 7"; "none".
[[nodiscard]] std::string describe_versions(const lance::VersionList& list);

/// Throws conflict where the path leads to another folder than the one that is open.
void require_current(const io::Storage& storage);

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
