// SPDX-License-Identifier: Apache-2.0
// Files outside a store, such as exports, that appear under their names complete or not at all:
// either one file, or several in one folder, the last of which refers to the others as a model's
// index refers to its shards. One thread at a time. All functions throw Error.
#pragma once

#include "io/descriptor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lancekeep::io {

/// Written under a temporary name in the same folder. commit() fsyncs the file, renames it to
/// `path`, and fsyncs the folder. If it is destroyed without commit(), it removes what it wrote. A
/// file that replaces another one gets that file's permissions.
class AtomicFile {
 public:
  /// @throws Error not_found if there is no such folder; invalid_argument if `path` is something
  /// other than a file, such as a folder or a device.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(std::span<const std::byte> bytes);
  /// Overwrites bytes that were written before; position() stays.
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t position() const;
  void commit();

 private:
  friend class AtomicFileSet;
  /// A file in an open folder that several files share.
  AtomicFile(std::shared_ptr<const Descriptor> folder, const std::filesystem::path& path);
  /// The two halves of commit(): fsync under the temporary name; then the rename, without an fsync
  /// of the folder.
  void finish();
  void rename();

  struct State;
  std::unique_ptr<State> state_;
};

/// Each file is written under a temporary name; commit() renames them all. The set removes what it
/// wrote if it is destroyed without commit(), or if commit() fails before the last file has its
/// name.
class AtomicFileSet {
 public:
  /// @throws Error not_found.
  explicit AtomicFileSet(std::filesystem::path folder);

  /// Starts a file and finishes the previous one, which must not be written any more, so that at
  /// most one file is open. The reference stays valid for the life of the set.
  AtomicFile& add(const std::string& name);

  /// `outdated`: files to remove, if they exist, once all files have their names.
  void commit(const std::vector<std::string>& outdated = {});

 private:
  struct Member {
    std::string name;
    std::unique_ptr<AtomicFile> file;
  };
  void rename_all_but_last();
  void remove_if_present(const std::string& name);
  void sync_folder();

  std::filesystem::path path_;
  std::shared_ptr<const Descriptor> folder_;
  std::vector<Member> files_;
};

}  // namespace lancekeep::io
