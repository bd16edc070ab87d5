// SPDX-License-Identifier: Apache-2.0
// Renaming files without overwriting, which makes committing a version safe, and exchanging two
// folders, which makes replacing a store atomic. All functions throw Error.
#pragma once

#include <filesystem>
#include <string>

namespace lancekeep::io {

/// A name in an open folder, as renameat(2) takes it.
struct NameIn {
  int folder;  ///< descriptor, or AT_FDCWD
  std::string last;
  std::string full;  ///< for messages
};

/// Renames a file; returns false, changing nothing, if `to` exists.
[[nodiscard]] bool rename_if_free(const NameIn& from, const NameIn& to);

/// The same for file systems without renameat2(RENAME_NOREPLACE): creates a second hard link, then
/// removes the first one.
[[nodiscard]] bool link_if_free(const NameIn& from, const NameIn& to);

/// Exchanges two folders in one step (renameat2 RENAME_EXCHANGE) and syncs their parents. If the
/// file system cannot exchange names, uses swap_folders_by_renames(). Returns false, with nothing
/// changed, if `folder` cannot be renamed at all: it is in a lower layer of an overlay (as in a
/// container), or a mount point.
[[nodiscard]] bool swap_folders(const std::filesystem::path& replacement,
                                const std::filesystem::path& folder);

/// The same in three renames: `folder` to `folder`.replaced, `replacement` to `folder`, and
/// `folder`.replaced to `replacement`. Between the first two, `folder` does not exist; after a
/// crash there, finish_swap() moves it back.
/// @throws Error already_exists, with nothing changed, if `folder`.replaced exists.
void swap_folders_by_renames(const std::filesystem::path& replacement,
                             const std::filesystem::path& folder);

/// Moves `folder`.replaced back to `folder` if swap_folders_by_renames() was interrupted between
/// its first two renames. If its process is alive, which has then locked the folder with flock(2),
/// waits for it a little. Otherwise does nothing.
void finish_swap(const std::filesystem::path& folder);

}  // namespace lancekeep::io
