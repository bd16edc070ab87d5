// SPDX-License-Identifier: Apache-2.0
// For tests: the base class of storages that wrap another storage. Forwards every call.
#pragma once

#include "io/storage.h"

namespace lancekeep::io {

/// Owns the storage to which it forwards.
class ForwardingStorage : public Storage {
 public:
  explicit ForwardingStorage(std::unique_ptr<Storage> inner) : inner_(std::move(inner)) {}

  std::string full_name(const std::string& path) const override;
  bool exists(const std::string& path) const override;
  std::uint64_t size(const std::string& path) const override;
  std::vector<FolderEntry> list(const std::string& folder) const override;
  std::vector<std::string> file_names(const std::string& folder) const override;
  ByteView read(const std::string& path, std::uint64_t limit) const override;
  InputFile open(const std::string& path) const override;
  ByteView map(const std::string& path, MapMode mode) const override;
  void make_folder(const std::string& path) override;
  std::unique_ptr<WritableFile> create(const std::string& path) override;
  bool rename_new(const std::string& from, const std::string& to) override;
  void rename_over(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  bool remove_unused(const std::string& path) override;
  void sync_file(const std::string& path) override;
  void sync_folder(const std::string& path) override;
  std::unique_ptr<FolderLock> lock(const std::string& folder, LockMode mode) override;
  bool is_current() const override;

 private:
  std::unique_ptr<Storage> inner_;
};

}  // namespace lancekeep::io
