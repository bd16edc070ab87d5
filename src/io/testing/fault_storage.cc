// SPDX-License-Identifier: Apache-2.0
#include "io/testing/fault_storage.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <utility>

namespace lancekeep::io {

// Shared with the files, which may outlive the storage and be written by other threads.
class FaultStorage::Counter {
 public:
  explicit Counter(Plan plan) : plan_(plan) {}

  void count(std::string_view call, const std::string& file) {
    const std::uint64_t number = ++calls_;
    const bool is_later = plan_.stays_broken && number > plan_.fail_at;
    if (plan_.fail_at == 0 || (number != plan_.fail_at && !is_later)) return;
    if (number == plan_.fail_at) {
      const std::lock_guard lock(mutex_);
      failed_call_ = fmt::format("{} {}", call, file);
    }
    throw Error(plan_.code, fmt::format("changing call {} ({}) fails as planned", number, call),
                file);
  }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] std::string failed_call() const {
    const std::lock_guard lock(mutex_);
    return failed_call_;
  }

 private:
  const Plan plan_;
  mutable std::mutex mutex_;
  std::string failed_call_;
  std::atomic<std::uint64_t> calls_ = 0;
};

namespace {

template <typename Counter>
class FaultFile : public WritableFile {
 public:
  FaultFile(std::unique_ptr<WritableFile> inner, std::shared_ptr<Counter> counter, std::string name)
      : inner_(std::move(inner)), counter_(std::move(counter)), name_(std::move(name)) {}

  using WritableFile::write;
  void write(std::span<const std::byte> bytes) override {
    counter_->count("write", name_);
    inner_->write(bytes);
  }
  std::uint64_t position() const override { return inner_->position(); }
  void sync() override {
    counter_->count("sync", name_);
    inner_->sync();
  }
  void flush() override {
    counter_->count("flush", name_);
    inner_->flush();
  }

 private:
  std::unique_ptr<WritableFile> inner_;
  std::shared_ptr<Counter> counter_;
  std::string name_;
};

}  // namespace

FaultStorage::FaultStorage(std::unique_ptr<Storage> inner, Plan plan)
    : ForwardingStorage(std::move(inner)), counter_(std::make_shared<Counter>(plan)) {}

std::uint64_t FaultStorage::calls() const { return counter_->calls(); }

std::string FaultStorage::failed_call() const { return counter_->failed_call(); }

void FaultStorage::make_folder(const std::string& path) {
  counter_->count("make_folder", full_name(path));
  ForwardingStorage::make_folder(path);
}

std::unique_ptr<WritableFile> FaultStorage::create(const std::string& path) {
  counter_->count("create", full_name(path));
  return std::make_unique<FaultFile<Counter>>(ForwardingStorage::create(path), counter_,
                                              full_name(path));
}

bool FaultStorage::rename_new(const std::string& from, const std::string& to) {
  counter_->count("rename_new", full_name(to));
  return ForwardingStorage::rename_new(from, to);
}

void FaultStorage::rename_over(const std::string& from, const std::string& to) {
  counter_->count("rename_over", full_name(to));
  ForwardingStorage::rename_over(from, to);
}

void FaultStorage::remove(const std::string& path) {
  counter_->count("remove", full_name(path));
  ForwardingStorage::remove(path);
}

bool FaultStorage::remove_unused(const std::string& path) {
  counter_->count("remove_unused", full_name(path));
  return ForwardingStorage::remove_unused(path);
}

void FaultStorage::sync_file(const std::string& path) {
  counter_->count("sync_file", full_name(path));
  ForwardingStorage::sync_file(path);
}

void FaultStorage::sync_folder(const std::string& path) {
  counter_->count("sync_folder", full_name(path));
  ForwardingStorage::sync_folder(path);
}

std::unique_ptr<FolderLock> FaultStorage::lock(const std::string& folder, LockMode mode) {
  counter_->count("lock", full_name(folder));
  return ForwardingStorage::lock(folder, mode);
}

}  // namespace lancekeep::io
