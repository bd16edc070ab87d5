// SPDX-License-Identifier: Apache-2.0
// A store that takes another one's place stays as open, or as private, as that one was.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lancekeep::store {

/// Gives `fresh`, its folders and its files the owner, group, mode and access control lists of
/// `old`, of the same folder in `old` (if it lacks that: of `old` itself), and of a file in that
/// folder (else: of any file of `old`). `old` may be an empty folder: then files keep theirs. Returns notes for
/// the user on what could not be kept; throws if a mode cannot be set.
[[nodiscard]] std::vector<std::string> keep_permissions(const std::filesystem::path& old,
                                                        const std::filesystem::path& fresh);

}  // namespace lancekeep::store
