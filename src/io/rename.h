// SPDX-License-Identifier: Apache-2.0
// Renaming without overwriting, which is what makes publishing a version safe. Folders are
// descriptors, as for renameat(2).
#pragma once

#include <string>

namespace lancekeep::io {

struct NameIn {
  int folder;
  std::string last;
  /// For messages.
  std::string full;
};

/// Returns false, changing nothing, where `to` exists; throws Error for anything else.
[[nodiscard]] bool rename_if_free(const NameIn& from, const NameIn& to);

/// The same for file systems without renameat2(RENAME_NOREPLACE): by a second hard link.
[[nodiscard]] bool link_if_free(const NameIn& from, const NameIn& to);

}  // namespace lancekeep::io
