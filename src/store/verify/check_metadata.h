// SPDX-License-Identifier: Apache-2.0
// What describes versions: manifests, their transactions, and the tags that point to them. Whether
// each can be read and agrees with the others.
#pragma once

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/verify/findings.h"

#include <optional>

namespace lancekeep::store {

/// Reads a manifest file without looking for its transaction file. @throws Error if it cannot be read
/// or belongs to another version.
[[nodiscard]] lance::ManifestFile read_manifest_alone(const io::Storage& storage,
                                                      const lance::VersionEntry& entry);

/// Unset if the manifest cannot be read; that is a finding then. A manifest without an inline
/// transaction gets the one of its transaction file.
[[nodiscard]] std::optional<lance::ManifestFile> check_manifest(const io::Storage& storage,
                                                                const lance::VersionEntry& entry,
                                                                Findings& findings);

/// Whether Lancekeep saved this version, rather than pylance or another tool on top of one of
/// Lancekeep's. (A restore by pylance keeps the writer's name of the restored version.)
[[nodiscard]] bool is_ours(const lance::ManifestFile& file);

/// Checks that each tag can be read and points to an existing version.
void check_tags(const io::Storage& storage, const lance::VersionList& list, Findings& findings);

}  // namespace lancekeep::store
