// SPDX-License-Identifier: Apache-2.0
// Checks the metadata of versions: whether manifests, their transactions, and the tags that point
// to them can be read and agree with each other.
#pragma once

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/verify/findings.h"

#include <optional>

namespace lancekeep::store {

/// Reads a manifest file without looking for its transaction file. @throws Error if it cannot be
/// read or belongs to another version.
[[nodiscard]] lance::ManifestFile read_manifest_alone(const io::Storage& storage,
                                                      const lance::VersionEntry& entry);

/// Unset if the manifest cannot be read, which is then a finding. If a manifest has no inline
/// transaction, the result has the one from its transaction file.
[[nodiscard]] std::optional<lance::ManifestFile> check_manifest(const io::Storage& storage,
                                                                const lance::VersionEntry& entry,
                                                                Findings& findings);

/// Whether Lancekeep saved this version, rather than pylance or another tool on top of a version of
/// Lancekeep's. (A restore by pylance keeps the restored version's writer name.)
[[nodiscard]] bool is_ours(const lance::ManifestFile& file);

/// Checks that each tag can be read and points to an existing version.
void check_tags(const io::Storage& storage, const lance::VersionList& list, Findings& findings);

}  // namespace lancekeep::store
