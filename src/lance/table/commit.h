// SPDX-License-Identifier: Apache-2.0
// Commits a version: makes a save visible, completely or not at all. commit.cc has the protocol in
// numbered steps. Any number of processes may commit to one dataset.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "lance/proto/transaction.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::lance {

/// Files of a version that is not committed yet. The destructor removes them unless keep() was
/// called. The storage must outlive it. One thread at a time.
class UncommittedFiles {
 public:
  explicit UncommittedFiles(io::Storage& storage) : storage_(storage) {}
  /// Removes as many files as it can; gc removes the rest.
  ~UncommittedFiles();
  UncommittedFiles(const UncommittedFiles&) = delete;
  UncommittedFiles& operator=(const UncommittedFiles&) = delete;

  /// Creates a file for the caller to fill. It stays open, and so locked against gc, until keep()
  /// or close().
  io::WritableFile& create(const std::string& path);
  /// Creates a file with this content.
  void write(const std::string& path, std::string_view content) { create(path).write(content); }
  /// Call once all files are filled. If `durable`, syncs each file, then their folders; otherwise
  /// only reports errors that the system has delayed. Files finished before are left out.
  void finish(bool durable);
  /// Closes the finished files, to save descriptors. Without its lock, gc can remove a file: check
  /// under the lock of _versions/ that it still exists.
  void close();
  /// The files belong to a version now: the destructor does not remove them.
  void keep();
  [[nodiscard]] std::size_t count() const { return files_.size(); }
  /// Bytes of the finished files.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct OpenFile {
    std::string path;
    std::unique_ptr<io::WritableFile> file;
  };
  io::Storage& storage_;
  std::vector<OpenFile> files_;
  std::size_t finished_ = 0;  // of files_, from the front
  std::uint64_t bytes_ = 0;   // of the finished files
};

/// A tag that a commit sets on its version.
struct TagRequest {
  std::string name;  ///< empty: no tag
  bool move =
      false;  ///< an existing tag is moved; otherwise it is an error, and nothing is committed
};

struct CommitRequest {
  /// The version on which this one was planned; 0 for the first version.
  std::uint64_t read_version = 0;
  /// The newest version number at that time, if its manifest was torn and `read_version` is
  /// therefore an older one. A torn manifest cannot be read and must not be overwritten.
  std::optional<std::uint64_t> newest;
  /// commit() sets `version`, the flags, the transaction's names and the writer. On entry, the time
  /// stamp is that of the version before, and the new one is not earlier; `writer_flags` are those
  /// of the version before, and rejected if this build does not know them.
  Manifest manifest;
  Transaction transaction;  ///< commit() sets `read_version` and `uuid`
  bool durable = true;
  TagRequest tag;
  /// Runs under the lock, right before the version gets its name; false cancels the commit.
  std::function<bool()> check;
  /// Runs once the version has its name: from then on its files belong to it, even if commit()
  /// throws afterwards. Must not throw.
  std::function<void()> on_commit;
};

struct CommitResult {
  std::uint64_t version = 0;
  std::uint64_t manifest_size = 0;
  std::uint64_t transaction_size = 0;
  std::vector<std::string> notes;  ///< remarks for the user, one line each
};

/// Commits the version after the newest one. Returns an unset optional, with nothing left behind,
/// if another version was committed since the request was planned, or if `check` returned false:
/// plan again. The files that the manifest names must already be written and synced. Throws
/// conflict if the store's folder was replaced or removed; already_exists if the tag exists and is
/// not to be moved. Before the version gets its name, WaitHooks::check may stop the commit.
[[nodiscard]] std::optional<CommitResult> commit(io::Storage& storage,
                                                 const CommitRequest& request);

}  // namespace lancekeep::lance
