// SPDX-License-Identifier: Apache-2.0
// The folder of one store, behind an interface, so that a crash or a full disk is a test parameter.
//
// Paths are relative to that folder, with '/' between components; an absolute path, an empty, "."
// or ".." component, a NUL, or a link that leads out of the folder is refused with
// ErrorCode::unsafe. All functions throw Error (not_found, already_exists, out_of_space for ENOSPC,
// EDQUOT and EFBIG, else io), with the file's full name. An object may be used from one thread at a
// time; the files, views and locks it gave out live on without it, and each file may be used from a
// thread of its own.
#pragma once

#include "io/byte_view.h"
#include "io/input_file.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace lancekeep::io {

/// A file that is being written, once, from front to back. It holds flock(LOCK_SH) on itself while
/// it is open, so that nobody's clean-up takes it for an orphan. Destroying it closes it without
/// syncing. After a call that failed, every further one fails.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  /// Bytes written so far.
  [[nodiscard]] virtual std::uint64_t position() const = 0;
  /// Returns once content and size are on the disk (fsync).
  virtual void sync() = 0;
  /// Where nobody waits for the disk, instead of sync(): throws what the system would otherwise say
  /// to nobody when the file is closed, as that a quota on a network file system is used up.
  virtual void flush() = 0;
};

/// Held until destroyed.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

/// A link is described itself, not what it leads to.
struct FolderEntry {
  std::string name;
  bool is_folder = false;
  bool is_file = false;  ///< a regular one: no folder, link, pipe, device
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
  /// Names of what is no folder in it, without asking for more: many times as fast as list().
  [[nodiscard]] virtual std::vector<std::string> file_names(const std::string& folder) const;
  /// The whole file in memory; throws corrupt where it is larger than `limit` bytes.
  [[nodiscard]] virtual ByteView read(const std::string& path, std::uint64_t limit) const = 0;
  /// For reading piece by piece.
  [[nodiscard]] virtual InputFile open(const std::string& path) const = 0;
  [[nodiscard]] virtual ByteView map(const std::string& path, MapMode mode) const = 0;

  /// Makes a folder in one that exists; fine if it is there.
  virtual void make_folder(const std::string& path) = 0;
  /// Makes a new, empty file; throws already_exists.
  [[nodiscard]] virtual std::unique_ptr<WritableFile> create(const std::string& path) = 0;
  /// Gives a file its final name in one step; returns false, changing nothing, where `to` exists.
  [[nodiscard]] virtual bool rename_new(const std::string& from, const std::string& to) = 0;
  /// Gives a file its final name in one step, whether or not `to` exists.
  virtual void rename_over(const std::string& from, const std::string& to) = 0;
  /// Removes a file, a link (not what it leads to) or an empty folder; fine if it is not there.
  virtual void remove(const std::string& path) = 0;
  /// Removes a file that nobody is writing: one that a WritableFile has open is left, and the
  /// answer is false. Fine if it is not there.
  [[nodiscard]] virtual bool remove_unused(const std::string& path) = 0;
  /// Returns once content and size of a finished file are on the disk, whoever wrote it.
  virtual void sync_file(const std::string& path) = 0;
  /// Returns once the names in this folder are on the disk; "" is the store's own folder, and
  /// brings that folder's own name to the disk as well.
  virtual void sync_folder(const std::string& path) = 0;
  /// flock on the folder; waits for it.
  [[nodiscard]] virtual std::unique_ptr<FolderLock> lock(const std::string& folder,
                                                         LockMode mode) = 0;
  /// Whether the path this storage was opened with still leads to the folder that it has open.
  [[nodiscard]] virtual bool is_current() const = 0;
};

}  // namespace lancekeep::io
