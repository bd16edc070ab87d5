// SPDX-License-Identifier: Apache-2.0
// What stops a clean-up before it has removed anything: whatever may name files in a way that this
// build cannot follow. Each throws an Error whose message starts with "gc removes nothing: ".
#pragma once

#include "store/gc/version_files.h"

namespace lancekeep::store {

/// Throws unsupported where branches or detached versions exist, which name files in manifests that
/// no list of versions has.
void require_only_listed_versions(const io::Storage& storage, const Files& files);
/// Throws unsupported where the manifest has fields or writer feature flags that this build does
/// not know; those for readers stop it when it is read.
void require_known(const io::Storage& storage, const lance::VersionEntry& entry,
                   const lance::Manifest& manifest);
/// Throws unsupported where a file that stays is reached through a link.
void require_no_link(const io::Storage& storage, const std::string& path, const Files& files);

/// Tag names by version. Throws for a tag that is damaged, or names a branch.
[[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> read_all_tags(
    const io::Storage& storage);
/// Throws for a version that cannot be read: it may stand on any file. Nothing where its manifest
/// is gone by now: pylance's clean-up takes no lock, and may have been faster.
[[nodiscard]] std::optional<VersionFiles> read_or_refuse(const io::Storage& storage,
                                                         const lance::VersionEntry& entry);
/// Throws corrupt for a version that has a tag, so that someone relies on it, but a manifest that
/// is cut short.
[[noreturn]] void refuse_tagged_torn(const io::Storage& storage, const lance::VersionEntry& entry,
                                     const std::vector<std::string>& tags);
/// Throws corrupt for a store of which no version can be read.
[[noreturn]] void refuse_all_torn(const io::Storage& storage);

}  // namespace lancekeep::store
