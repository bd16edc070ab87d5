// SPDX-License-Identifier: Apache-2.0
#include "io/testing/forwarding_storage.h"

namespace lancekeep::io {

std::string ForwardingStorage::full_name(const std::string& path) const {
  return inner_->full_name(path);
}
bool ForwardingStorage::exists(const std::string& path) const { return inner_->exists(path); }
std::uint64_t ForwardingStorage::size(const std::string& path) const { return inner_->size(path); }

std::vector<FolderEntry> ForwardingStorage::list(const std::string& folder) const {
  return inner_->list(folder);
}

std::vector<std::string> ForwardingStorage::file_names(const std::string& folder) const {
  return inner_->file_names(folder);
}

ByteView ForwardingStorage::read(const std::string& path, std::uint64_t limit) const {
  return inner_->read(path, limit);
}
InputFile ForwardingStorage::open(const std::string& path) const { return inner_->open(path); }

ByteView ForwardingStorage::map(const std::string& path, MapMode mode) const {
  return inner_->map(path, mode);
}

void ForwardingStorage::make_folder(const std::string& path) { inner_->make_folder(path); }

std::unique_ptr<WritableFile> ForwardingStorage::create(const std::string& path) {
  return inner_->create(path);
}

bool ForwardingStorage::rename_new(const std::string& from, const std::string& to) {
  return inner_->rename_new(from, to);
}

void ForwardingStorage::rename_over(const std::string& from, const std::string& to) {
  inner_->rename_over(from, to);
}

void ForwardingStorage::remove(const std::string& path) { inner_->remove(path); }

bool ForwardingStorage::remove_unused(const std::string& path) {
  return inner_->remove_unused(path);
}

void ForwardingStorage::sync_file(const std::string& path) { inner_->sync_file(path); }
void ForwardingStorage::sync_folder(const std::string& path) { inner_->sync_folder(path); }

std::unique_ptr<FolderLock> ForwardingStorage::lock(const std::string& folder, LockMode mode) {
  return inner_->lock(folder, mode);
}

bool ForwardingStorage::is_current() const { return inner_->is_current(); }

}  // namespace lancekeep::io
