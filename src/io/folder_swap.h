// SPDX-License-Identifier: Apache-2.0
// Replacing a whole folder by another in one step, as when a store is replaced.
#pragma once

#include <filesystem>

namespace lancekeep::io {

/// Puts the folder `replacement` where `folder` is, in one step, and the old one where the
/// replacement was (renameat2 RENAME_EXCHANGE); both must be on one file system. Syncs their parent
/// folders. Where the file system cannot exchange, swap_folders_by_renames() does it.
void swap_folders(const std::filesystem::path& replacement, const std::filesystem::path& folder);

/// The same by renames: `folder` moves to `folder`.replaced, `replacement` to `folder`, and
/// `folder`.replaced to `replacement`. Between the first two nothing is at `folder`: finish_swap().
/// @throws Error already_exists where `folder`.replaced is there; then nothing was changed.
void swap_folders_by_renames(const std::filesystem::path& replacement,
                             const std::filesystem::path& folder);

/// Puts `folder`.replaced back to `folder` where a swap by renames died between the first two; else
/// does nothing.
void finish_swap(const std::filesystem::path& folder);

}  // namespace lancekeep::io
