// SPDX-License-Identifier: Apache-2.0
// Files that no version names yet. What is not kept goes when this is destroyed.
#pragma once

#include "io/storage.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::lance {

/// Uses the storage while it lives. One thread.
class Unpublished {
 public:
  explicit Unpublished(io::Storage& storage) : storage_(storage) {}
  /// Removes as much as it can; what stays is an orphan for the next clean-up.
  ~Unpublished();
  Unpublished(const Unpublished&) = delete;
  Unpublished& operator=(const Unpublished&) = delete;

  /// A new file, which the caller fills. It stays open, and so locked against clean-ups, until all
  /// are kept.
  io::WritableFile& create(const std::string& path);
  /// The same, filled at once.
  void write(const std::string& path, std::string_view content) { create(path).write(content); }
  /// All files are written: fsync of each, then of their folders; or, not `durable`, what the
  /// system has put off. Those that were finished before are not synced again.
  void finish(bool durable);
  /// Closes what is finished, for want of descriptors. Without its lock a file may be taken for an
  /// orphan: look whether it is still there under the publish lock.
  void close();
  /// A version names them now: they stay.
  void keep();
  [[nodiscard]] std::size_t count() const { return files_.size(); }
  /// Bytes of those that are finished.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct OpenFile {
    std::string path;
    std::unique_ptr<io::WritableFile> file;
  };
  io::Storage& storage_;
  std::vector<OpenFile> files_;
  std::size_t finished_ = 0;  // of files_, from the front
  std::uint64_t bytes_ = 0;   // of these
};

}  // namespace lancekeep::lance
