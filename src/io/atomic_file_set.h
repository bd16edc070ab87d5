// SPDX-License-Identifier: Apache-2.0
// Files of one folder that belong together, the last of which names the others, as a model's index
// its shards. One thread at a time.
#pragma once

#include "io/atomic_file.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace lancekeep::io {

/// Each file is written under a temporary name; commit() gives them all theirs. Destroyed without
/// it, or where it fails before the last file has its name, the set removes what it wrote.
class AtomicFileSet {
 public:
  /// @throws Error not_found.
  explicit AtomicFileSet(std::filesystem::path folder);

  /// Starts a file and puts the one before on the disk; that one may not be written any more. At
  /// most one file is held open. The reference stays true for the life of the set.
  AtomicFile& add(const std::string& name);

  /// `outdated`: names that go, where they are there, once all files have theirs.
  void commit(const std::vector<std::string>& outdated = {});

 private:
  struct Member {
    std::string name;
    std::unique_ptr<AtomicFile> file;
  };
  void rename_all_but_last();
  void remove_if_there(const std::string& name);
  void sync_folder();

  std::filesystem::path path_;
  std::shared_ptr<const Descriptor> folder_;
  std::vector<Member> files_;
};

}  // namespace lancekeep::io
