// SPDX-License-Identifier: Apache-2.0
// What must hold before a clean-up removes anything: nothing in the store may refer to files in a
// way that this build does not know. Each function throws an Error whose message starts with
// "gc removes nothing: ".
#pragma once

#include "store/gc/inventory.h"
#include "store/save/referenced_files.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// @throws Error unsupported for branches and detached versions: manifests that are in no list of
/// versions refer to the files of these.
void require_only_listed_versions(const io::Storage& storage, const Files& files);
/// @throws Error unsupported for manifest fields and writer feature flags that this build does not
/// know. Unknown reader flags are rejected when the manifest is read.
void require_known(const io::Storage& storage, const lance::VersionEntry& entry,
                   const lance::Manifest& manifest);
/// @throws Error unsupported if the path of a referenced file leads through a link.
void require_no_link(const io::Storage& storage, const std::string& path, const Files& files);

/// Tag names by version. @throws Error for a tag that is damaged or points to a branch.
[[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> read_all_tags(
    const io::Storage& storage);
/// Unset if the manifest does not exist any more: pylance's clean-up takes no lock, and may have
/// been faster. @throws Error for a version that cannot be read: it may refer to any file.
[[nodiscard]] std::optional<ReferencedFiles> require_readable(const io::Storage& storage,
                                                              const lance::VersionEntry& entry);
/// @throws Error corrupt for a version that is tagged, and so needed, but whose manifest is cut
/// short.
[[noreturn]] void reject_tagged_torn(const io::Storage& storage, const lance::VersionEntry& entry,
                                     const std::vector<std::string>& tags);
/// @throws Error corrupt for a store without a readable version.
[[noreturn]] void reject_all_torn(const io::Storage& storage);

}  // namespace lancekeep::store
