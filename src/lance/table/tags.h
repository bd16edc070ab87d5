// SPDX-License-Identifier: Apache-2.0
// Tags: _refs/tags/<name>.json, as pylance writes and reads them. A tag gives a version a name.
// Free functions; reading is safe on any thread, writers hold the exclusive lock of _versions/.
#pragma once

#include "io/storage.h"
#include "lance/table/commit.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::lance {

struct Tag {
  std::uint64_t version = 0;
  std::optional<std::string> branch;
  std::optional<std::uint64_t> manifest_size;  ///< in bytes, when the tag was set
};

/// Throws invalid_argument, suggesting a valid name, unless `name` is at most 128 letters, digits, ".", "_" and "-", is not
/// all digits or "latest", does not start with "-", does not start or end with a dot, and has no
/// ".." or final ".lock" (pylance has the same rules about dots and ".lock").
void check_tag_name(const std::string& name);

/// Names of all tag files, sorted, even those that check_tag_name() would reject.
[[nodiscard]] std::vector<std::string> list_tags(const io::Storage& storage);
/// Names of the dataset's branches, sorted.
[[nodiscard]] std::vector<std::string> list_branches(const io::Storage& storage);
/// Throws not_found (the message lists the existing names), or corrupt.
[[nodiscard]] Tag read_tag(const io::Storage& storage, const std::string& name);
/// A tag's new file, written and, if `durable`, synced under a temporary name. The destructor
/// removes it unless it was committed. The storage must outlive it.
class PendingTag {
 public:
  /// The caller holds the lock until commit() has returned. Throws already_exists, naming the
  /// version that the tag points to, unless the request is to move it.
  PendingTag(io::Storage& storage, const TagRequest& request, std::uint64_t version,
             std::uint64_t manifest_size, bool durable);
  /// Creates or moves the tag, by one rename.
  void commit();

 private:
  io::Storage& storage_;
  const TagRequest request_;
  const bool durable_;
  const std::string temporary_;
  UncommittedFiles file_;
};

/// Creates or moves a tag. The caller holds the lock and has checked the version. Throws as
/// PendingTag does; before the rename, WaitHooks::check may stop it.
void write_tag(io::Storage& storage, const TagRequest& request, std::uint64_t version,
               std::uint64_t manifest_size, bool durable);
/// Throws already_exists, saying that nothing was saved, if the tag exists and is not to be moved.
void check_tag_is_free(const io::Storage& storage, const TagRequest& request);
/// Throws not_found.
void remove_tag(io::Storage& storage, const std::string& name);

}  // namespace lancekeep::lance
