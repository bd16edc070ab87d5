// SPDX-License-Identifier: Apache-2.0
// The folder of one store, behind an interface, so that tests can simulate a crash or a full disk.
//
// Paths are relative to that folder, with '/' between components. An absolute path, an empty, "."
// or ".." component, a NUL, or a link that leads out of the folder is rejected with
// ErrorCode::unsafe. All functions throw Error (not_found, already_exists, out_of_space for ENOSPC,
// EDQUOT and EFBIG, otherwise io) with the file's full name. Any number of threads may use one
// local storage; a WritableFile belongs to one thread at a time. Files, views and locks may outlive
// their storage.
#pragma once

#include "io/byte_view.h"
#include "io/input_file.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::io {

/// A file that is written once, from front to back. While it is open it holds flock(LOCK_SH) on
/// itself, so that gc does not delete it as unreferenced. Destroying it closes it without syncing.
/// Once a call has failed, every later call fails too.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  /// Bytes written so far.
  [[nodiscard]] virtual std::uint64_t position() const = 0;
  /// Returns once the file's content and size are on the disk (fsync).
  virtual void sync() = 0;
  /// For saves that do not sync: reports the errors that the system would otherwise report only to
  /// close(), such as an exceeded quota on a network file system.
  virtual void flush() = 0;
};

/// A lock that is held until it is destroyed.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

/// Describes a link itself, not its target.
struct FolderEntry {
  std::string name;
  bool is_folder = false;
  bool is_file = false;  ///< a regular file: not a folder, link, pipe or device
  std::uint64_t size = 0;
  std::chrono::sys_time<std::chrono::nanoseconds> modified;
};

enum class LockMode { shared, exclusive };

class Storage {
 public:
  virtual ~Storage() = default;

  /// The file's full name, for messages.
  [[nodiscard]] virtual std::string full_name(const std::string& path) const = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) const = 0;
  [[nodiscard]] virtual std::uint64_t size(const std::string& path) const = 0;
  /// In any order; a folder that does not exist is empty.
  [[nodiscard]] virtual std::vector<FolderEntry> list(const std::string& folder) const = 0;
  /// The names of the entries that are not folders; many times faster than list().
  [[nodiscard]] virtual std::vector<std::string> file_names(const std::string& folder) const;
  /// The whole file in memory; throws corrupt if it is larger than `limit` bytes.
  [[nodiscard]] virtual ByteView read(const std::string& path, std::uint64_t limit) const = 0;
  /// Opens a file for reading piece by piece.
  [[nodiscard]] virtual InputFile open(const std::string& path) const = 0;
  [[nodiscard]] virtual ByteView map(const std::string& path, MapMode mode) const = 0;

  /// Creates a folder in an existing one; does nothing if it exists.
  virtual void make_folder(const std::string& path) = 0;
  /// Creates a new, empty file; throws already_exists.
  [[nodiscard]] virtual std::unique_ptr<WritableFile> create(const std::string& path) = 0;
  /// Atomically renames a file; returns false, changing nothing, if `to` exists.
  [[nodiscard]] virtual bool rename_new(const std::string& from, const std::string& to) = 0;
  /// Atomically renames a file, replacing `to` if it exists.
  virtual void rename_over(const std::string& from, const std::string& to) = 0;
  /// Removes a file, a link (not its target) or an empty folder; does nothing if it does not exist.
  virtual void remove(const std::string& path) = 0;
  /// Removes a file, or returns false if a WritableFile has it open. Does nothing if the file does
  /// not exist.
  [[nodiscard]] virtual bool remove_unused(const std::string& path) = 0;
  /// Returns once a finished file's content and size are on the disk, whichever process wrote it.
  virtual void sync_file(const std::string& path) = 0;
  /// Returns once the names in this folder are on the disk. For "", the store's own folder, its
  /// name in its parent is then on the disk as well.
  virtual void sync_folder(const std::string& path) = 0;
  /// Waits for flock on the folder.
  [[nodiscard]] virtual std::unique_ptr<FolderLock> lock(const std::string& folder,
                                                         LockMode mode) = 0;
  /// Whether the path with which this storage was opened still leads to the folder that it has
  /// open.
  [[nodiscard]] virtual bool is_current() const = 0;
};

/// Called for a folder that cannot be listed or is too deep.
using WalkError = std::function<void(const Error& error)>;

/// Everything below `folder` ("" for the storage's own), folders included, by path in the storage.
/// Links are not followed. Folders more than `max_depth` levels below `folder`, or that cannot be
/// listed, are reported to `on_error` and skipped; without `on_error`, the error is thrown.
[[nodiscard]] std::map<std::string, FolderEntry> walk_folder(const Storage& storage,
                                                             const std::string& folder,
                                                             std::size_t max_depth,
                                                             const WalkError& on_error = {});

}  // namespace lancekeep::io
