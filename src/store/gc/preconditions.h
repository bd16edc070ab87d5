// SPDX-License-Identifier: Apache-2.0
// What must be true before a clean-up removes anything: nothing in the store refers to files in a
// way that this build does not know, and the versions that stay are whole. Each function throws an Error whose message starts with "gc
// removes nothing: ".
#pragma once

#include "store/gc/inventory.h"
#include "store/read/file_check.h"
#include "store/save/referenced_files.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// @throws Error unsupported for branches and detached versions: the manifests that refer to their
/// files are not in the list of versions.
void require_only_listed_versions(const io::Storage& storage, const Files& files);
/// @throws Error unsupported for manifest fields and writer feature flags that are unknown to this
/// build. Unknown reader flags are rejected when the manifest is read.
void require_known(const io::Storage& storage, const lance::VersionEntry& entry,
                   const lance::Manifest& manifest);
/// @throws Error unsupported if the path of a referenced file leads through a link.
void require_no_link(const io::Storage& storage, const std::string& path, const Files& files);

/// Tag names by version. @throws Error for a tag that is damaged or points to a branch.
[[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> read_all_tags(
    const io::Storage& storage);
/// Unset if the manifest no longer exists: pylance's clean-up takes no lock, and may have removed
/// it first. @throws Error for a version that cannot be read: it could refer to any file.
[[nodiscard]] std::optional<ReferencedFiles> require_readable(const io::Storage& storage,
                                                              const lance::VersionEntry& entry);
/// A version that will be kept, and how a person can give it up.
struct KeptVersion {
  std::uint64_t number = 0;
  bool is_latest = false;
  std::vector<std::string> tags;
};
/// @throws Error corrupt or not_found if a file of the version is damaged or missing: what would be
/// removed may be the last that can be read. Another code if a file cannot be examined.
void require_whole(FileCheck& check, const KeptVersion& kept, const lance::Manifest& manifest);
/// @throws Error corrupt: the version's manifest is cut short, but tags show that someone needs the
/// version.
[[noreturn]] void reject_tagged_torn(const io::Storage& storage, const lance::VersionEntry& entry,
                                     const std::vector<std::string>& tags);
/// @throws Error corrupt: the store has no readable version.
[[noreturn]] void reject_all_torn(const io::Storage& storage);

}  // namespace lancekeep::store
