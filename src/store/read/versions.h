// SPDX-License-Identifier: Apache-2.0
// The versions of a store: the one that a ref means, and what a manifest says about its version.
// Functions only; they keep nothing.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// The entry of the version that `ref` means. @throws Error not_found, listing the versions there
/// are; unsupported for a tag of a branch; conflict if the store was replaced.
[[nodiscard]] lance::VersionEntry resolve(const io::Storage& storage,
                                          const lance::VersionList& list, const Ref& ref);
/// The version that `ref` means, with its manifest, which is read once. @throws Error as resolve() and
/// lance::read_manifest().
struct ResolvedVersion {
  lance::VersionEntry entry;
  lance::ManifestFile file;
  std::string
      warning;  ///< for the latest: the newer, torn versions that were skipped; empty if none
};
[[nodiscard]] ResolvedVersion read_resolved(const io::Storage& storage,
                                            const lance::VersionList& list, const Ref& ref);
/// "1–3, 5, 7"; "none".
[[nodiscard]] std::string describe_versions(const lance::VersionList& list);

/// Files by their paths in the store, with their sizes if the manifest gives them, else 0.
using FileSizes = std::map<std::string, std::uint64_t>;
/// Every file that a version refers to.
[[nodiscard]] FileSizes files_of(const lance::Manifest& manifest);
/// Files of the versions that a version can share files with: the one before it and, for a restore,
/// the one it restored. Leaves out those whose manifests cannot be read.
[[nodiscard]] FileSizes earlier_files(const io::Storage& storage, const lance::VersionList& list,
                                      std::uint64_t version,
                                      std::optional<std::uint64_t> restored_from);
/// Bytes of those `files` that are not among `earlier`. A missing file counts 0.
[[nodiscard]] std::uint64_t added_bytes(const io::Storage& storage, const FileSizes& files,
                                        const FileSizes& earlier);

/// Everything that the manifest says about a version: all but `tags`, `bytes_added` and `warning`.
/// `tensor_bytes` is called for the sum of the tensors' bytes if the save did not record it.
[[nodiscard]] VersionInfo describe(const lance::VersionEntry& entry,
                                   const lance::ManifestFile& file,
                                   const std::function<std::uint64_t()>& tensor_bytes);
/// Reads the table of a version that keeps a model and adds up the tensors' bytes.
[[nodiscard]] std::uint64_t read_tensor_bytes(const io::Storage& storage,
                                              const lance::Manifest& manifest);

/// Tag names by version. Leaves out tags that cannot be read and those of branches.
[[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> tags_by_version(
    const io::Storage& storage);

}  // namespace lancekeep::store
