// SPDX-License-Identifier: Apache-2.0
// A version's manifest: whether it can be read, agrees with itself, and with its transaction.
#pragma once

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/verify/findings.h"

#include <optional>

namespace lancekeep::store {

/// The manifest file alone. @throws Error whatever keeps it from being read.
[[nodiscard]] lance::ManifestFile read_manifest_alone(const io::Storage& storage,
                                                      const lance::VersionEntry& entry);

/// Nothing where it cannot be read; what is wrong is a finding then. Where it holds no transaction
/// of its own, it gets the one of its transaction file.
[[nodiscard]] std::optional<lance::ManifestFile> check_manifest(const io::Storage& storage,
                                                                const lance::VersionEntry& entry,
                                                                Findings& findings);

/// Whether a save of ours made this version, and not pylance or another tool on top of it.
/// (pylance's restore keeps the name of who wrote the restored version.)
[[nodiscard]] bool is_ours(const lance::ManifestFile& file);

}  // namespace lancekeep::store
