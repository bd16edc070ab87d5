// SPDX-License-Identifier: Apache-2.0
// For tests of what happens between two calls to a storage: it stops between them, and others work.
#pragma once

#include "io/local_storage.h"
#include "io/testing/forwarding_storage.h"
#include "store/read/store_folder.h"
#include "store/testing/test_store.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <functional>
#include <utility>

namespace lancekeep::store {

inline constexpr std::chrono::nanoseconds kAnyAge{0};

/// Counts the calls of a storage and its files, and runs a hook before one of them. It never stops
/// while a folder is locked: in a single thread, a writer that asked for the same lock would wait
/// forever.
class Stops {
 public:
  void arm(std::uint64_t call, std::function<void()> hook) {
    calls_ = 0;
    stop_at_ = call;
    hook_ = std::move(hook);
  }
  /// The number of calls made without a lock since arm().
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

  void pass() {
    if (locks_ > 0 || ++calls_ != stop_at_) return;
    std::exchange(hook_, nullptr)();
  }
  void lock() { ++locks_; }
  void unlock() { --locks_; }

 private:
  std::uint64_t calls_ = 0;
  std::uint64_t stop_at_ = 0;
  std::uint64_t locks_ = 0;
  std::function<void()> hook_;
};

class CountedLock : public io::FolderLock {
 public:
  CountedLock(std::unique_ptr<FolderLock> inner, std::shared_ptr<Stops> stops)
      : inner_(std::move(inner)), stops_(std::move(stops)) {
    stops_->lock();
  }
  ~CountedLock() override { stops_->unlock(); }

 private:
  std::unique_ptr<FolderLock> inner_;
  std::shared_ptr<Stops> stops_;
};

class StoppingFile : public io::WritableFile {
 public:
  StoppingFile(std::unique_ptr<WritableFile> inner, std::shared_ptr<Stops> stops)
      : inner_(std::move(inner)), stops_(std::move(stops)) {}
  using WritableFile::write;
  void write(std::span<const std::byte> bytes) override {
    stops_->pass();
    inner_->write(bytes);
  }
  std::uint64_t position() const override { return inner_->position(); }
  void sync() override { flush(); }
  void flush() override {
    stops_->pass();
    inner_->flush();
  }

 private:
  std::unique_ptr<WritableFile> inner_;
  std::shared_ptr<Stops> stops_;
};

/// A local folder that stops before a call. Nothing is synced: these tests cut no power.
class StoppingStorage : public io::ForwardingStorage {
 public:
  StoppingStorage(const std::filesystem::path& path, std::shared_ptr<Stops> stops)
      : ForwardingStorage(io::open_local_storage(path)), stops_(std::move(stops)) {}

  bool exists(const std::string& path) const override {
    stops_->pass();
    return ForwardingStorage::exists(path);
  }
  std::uint64_t size(const std::string& path) const override {
    stops_->pass();
    return ForwardingStorage::size(path);
  }
  std::vector<io::FolderEntry> list(const std::string& folder) const override {
    stops_->pass();
    return ForwardingStorage::list(folder);
  }
  std::vector<std::string> file_names(const std::string& folder) const override {
    stops_->pass();
    return ForwardingStorage::file_names(folder);
  }
  io::ByteView read(const std::string& path, std::uint64_t limit) const override {
    stops_->pass();
    return ForwardingStorage::read(path, limit);
  }
  io::InputFile open(const std::string& path) const override {
    stops_->pass();
    return ForwardingStorage::open(path);
  }
  io::ByteView map(const std::string& path, io::MapMode mode) const override {
    stops_->pass();
    return ForwardingStorage::map(path, mode);
  }
  bool is_current() const override {
    stops_->pass();
    return ForwardingStorage::is_current();
  }
  void make_folder(const std::string& path) override {
    stops_->pass();
    ForwardingStorage::make_folder(path);
  }
  std::unique_ptr<io::WritableFile> create(const std::string& path) override {
    stops_->pass();
    return std::make_unique<StoppingFile>(ForwardingStorage::create(path), stops_);
  }
  bool rename_new(const std::string& from, const std::string& to) override {
    stops_->pass();
    return ForwardingStorage::rename_new(from, to);
  }
  void rename_over(const std::string& from, const std::string& to) override {
    stops_->pass();
    ForwardingStorage::rename_over(from, to);
  }
  void remove(const std::string& path) override {
    stops_->pass();
    ForwardingStorage::remove(path);
  }
  bool remove_unused(const std::string& path) override {
    stops_->pass();
    return ForwardingStorage::remove_unused(path);
  }
  void sync_file(const std::string&) override { stops_->pass(); }
  void sync_folder(const std::string&) override { stops_->pass(); }
  std::unique_ptr<io::FolderLock> lock(const std::string& folder, io::LockMode mode) override {
    stops_->pass();
    if (folder.empty()) return ForwardingStorage::lock(folder, mode);  // nobody waits for this lock
    return std::make_unique<CountedLock>(ForwardingStorage::lock(folder, mode), stops_);
  }

 private:
  std::shared_ptr<Stops> stops_;
};

/// A folder in which fsync costs nothing, if one exists: the tests replace thousands of stores.
inline std::filesystem::path quick_place() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

/// A model in training: at each step some tensors stay unchanged, so that versions share them, some
/// change, and some are added and removed.
inline MemorySource evolving_model(unsigned step) {
  MemorySource source = small_model(7);
  source.add("slow", "float32", {9}, floats(9, step / 4 + 100));
  source.add("fast", "float32", {3, 3}, floats(9, step));
  source.add("adapter." + std::to_string(step % 3), "int8", {6}, "always");
  if (step % 2 == 0) source.tie("fast.tied", 6);
  return source;
}

/// Compares tensors bit for bit, and their order.
inline void expect_same(const Version& version, const MemorySource& source) {
  ASSERT_EQ(version.tensors().size(), source.tensors().size());
  for (std::size_t i = 0; i < source.tensors().size(); ++i) {
    const TensorSpec& spec = source.tensors()[i];
    EXPECT_EQ(version.tensors()[i].name, spec.name);
    EXPECT_EQ(version.tensors()[i].tied_to.has_value(), spec.tied_to.has_value()) << spec.name;
    EXPECT_EQ(text_of(version.tensor(spec.name)), source.value(i)) << spec.name;
  }
}

/// Stops before a tensor is read. Used for a replacement, which opens its storages itself.
class StoppingSource : public MemorySource {
 public:
  StoppingSource(MemorySource source, std::shared_ptr<Stops> stops)
      : MemorySource(std::move(source)), stops_(std::move(stops)) {}
  void read(std::size_t index, const ByteSink& sink) override {
    stops_->pass();
    MemorySource::read(index, sink);
  }

 private:
  std::shared_ptr<Stops> stops_;
};

inline Store stopping_store(const std::filesystem::path& path, std::shared_ptr<Stops> stops) {
  return Store::State::make_store(
      {path, std::make_shared<StoppingStorage>(path, std::move(stops))});
}

}  // namespace lancekeep::store
