// SPDX-License-Identifier: Apache-2.0
// The versions of a store: which version a ref means, and what a manifest says about its version.
// Functions only; they keep no state.
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

/// The entry of the version that `ref` means. @throws Error not_found, listing the versions that
/// exist; unsupported for a tag of a branch; conflict if the store was replaced.
[[nodiscard]] lance::VersionEntry resolve(const io::Storage& storage,
                                          const lance::VersionList& list, const Ref& ref);
/// The version that `ref` means, with its manifest, which is read only once. @throws Error like
/// resolve() and lance::read_manifest().
struct ResolvedVersion {
  lance::VersionEntry entry;
  lance::ManifestFile file;
  std::string
      warning;  ///< for the latest: the newer, torn versions that were skipped; empty if none
};
[[nodiscard]] ResolvedVersion read_resolved(const io::Storage& storage,
                                            const lance::VersionList& list, const Ref& ref);
/// A text such as "1–3, 5, 7", or "none".
[[nodiscard]] std::string describe_versions(const lance::VersionList& list);

/// Files by their paths in the store, with the sizes that the manifest gives, or 0 if it gives
/// none.
using FileSizes = std::map<std::string, std::uint64_t>;
/// Every file that a version refers to.
[[nodiscard]] FileSizes files_of(const lance::Manifest& manifest);
/// Files of the versions that a version can share files with: the one before it and, for a restore,
/// the one it restored. Leaves out those whose manifests cannot be read.
[[nodiscard]] FileSizes earlier_files(const io::Storage& storage, const lance::VersionList& list,
                                      std::uint64_t version,
                                      std::optional<std::uint64_t> restored_from);
/// The size of those `files` that are not among `earlier`. A missing file counts as 0 bytes.
[[nodiscard]] std::uint64_t added_bytes(const io::Storage& storage, const FileSizes& files,
                                        const FileSizes& earlier);

/// Everything that the manifest says about a version: all of VersionInfo but `tags`, `bytes_added`,
/// `damage` and `warning`. If the save did not record the sum of the tensors' bytes, it comes from
/// `tensor_bytes`.
[[nodiscard]] VersionInfo describe(const lance::VersionEntry& entry,
                                   const lance::ManifestFile& file,
                                   const std::function<std::uint64_t()>& tensor_bytes);
/// What kind of problem an error about a version is.
[[nodiscard]] FindingKind kind_of(const Error& error);
/// Says in `info` that the version cannot be used because of `error`, instead of what it said.
void set_problem(VersionInfo& info, const Error& error);
/// The same as describe() for any version: if it is not a model, or its table cannot be read, the
/// result says so.
[[nodiscard]] VersionInfo describe_any(const io::Storage& storage, const lance::VersionEntry& entry,
                                       const lance::ManifestFile& file);
/// Every version, oldest first. Versions that a clean-up removes meanwhile are left out.
[[nodiscard]] std::vector<VersionInfo> describe_all(const io::Storage& storage);
/// Reads the table of a version that keeps a model and adds up the tensors' bytes.
[[nodiscard]] std::uint64_t read_tensor_bytes(const io::Storage& storage,
                                              const lance::Manifest& manifest);

/// Tag names by version. Leaves out tags that cannot be read and those of branches.
[[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> tags_by_version(
    const io::Storage& storage);

}  // namespace lancekeep::store
