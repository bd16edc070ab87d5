// SPDX-License-Identifier: Apache-2.0
#include "io/testing/power_cut_storage.h"

namespace lancekeep::io {
namespace {

class RememberedFile : public WritableFile {
 public:
  RememberedFile(std::unique_ptr<WritableFile> inner, std::shared_ptr<DiskModel> disk,
                 DiskModel::Inode inode)
      : inner_(std::move(inner)), disk_(std::move(disk)), inode_(inode) {}

  using WritableFile::write;
  void write(std::span<const std::byte> bytes) override {
    inner_->write(bytes);
    disk_->write(inode_, bytes);
  }
  std::uint64_t position() const override { return inner_->position(); }
  void sync() override {
    inner_->flush();
    disk_->sync(inode_);
  }
  void flush() override { inner_->flush(); }

 private:
  std::unique_ptr<WritableFile> inner_;
  std::shared_ptr<DiskModel> disk_;
  DiskModel::Inode inode_;
};

}  // namespace

void PowerCutStorage::make_folder(const std::string& path) {
  ForwardingStorage::make_folder(path);
  disk_->make_folder(path);
}

std::unique_ptr<WritableFile> PowerCutStorage::create(const std::string& path) {
  auto file = ForwardingStorage::create(path);
  return std::make_unique<RememberedFile>(std::move(file), disk_, disk_->create(path));
}

bool PowerCutStorage::rename_new(const std::string& from, const std::string& to) {
  if (!ForwardingStorage::rename_new(from, to)) return false;
  disk_->rename(from, to);
  return true;
}

void PowerCutStorage::rename_over(const std::string& from, const std::string& to) {
  ForwardingStorage::rename_over(from, to);
  disk_->rename(from, to);
}

void PowerCutStorage::remove(const std::string& path) {
  const bool was_there = exists(path);
  ForwardingStorage::remove(path);
  if (was_there) disk_->remove(path);
}

bool PowerCutStorage::remove_unused(const std::string& path) {
  const bool was_there = exists(path);
  if (!ForwardingStorage::remove_unused(path)) return false;
  if (was_there) disk_->remove(path);
  return true;
}

void PowerCutStorage::sync_file(const std::string& path) {
  // The inner storage checks that it exists and is a file.
  (void)size(path);
  disk_->sync_file(path);
}

void PowerCutStorage::sync_folder(const std::string& path) {
  if (!path.empty() && !exists(path)) return ForwardingStorage::sync_folder(path);  // throws
  disk_->sync_folder(path);
}

}  // namespace lancekeep::io
