// SPDX-License-Identifier: Apache-2.0
// What opening a version reads, and what Version::info() looks up later.
#include "io/local_storage.h"
#include "io/testing/forwarding_storage.h"
#include "store/read/store_folder.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Records the path of every file whose content or size is read, and of every folder that is listed.
class RecordingStorage : public io::ForwardingStorage {
 public:
  explicit RecordingStorage(const std::filesystem::path& path)
      : ForwardingStorage(io::open_local_storage(path)) {}

  bool exists(const std::string& path) const override {
    return record(path), ForwardingStorage::exists(path);
  }
  std::uint64_t size(const std::string& path) const override {
    return record(path), ForwardingStorage::size(path);
  }
  std::vector<io::FolderEntry> list(const std::string& folder) const override {
    return record(folder), ForwardingStorage::list(folder);
  }
  std::vector<std::string> file_names(const std::string& folder) const override {
    return record(folder), ForwardingStorage::file_names(folder);
  }
  io::ByteView read(const std::string& path, std::uint64_t limit) const override {
    return record(path), ForwardingStorage::read(path, limit);
  }
  io::InputFile open(const std::string& path) const override {
    return record(path), ForwardingStorage::open(path);
  }
  io::ByteView map(const std::string& path, io::MapMode mode) const override {
    return record(path), ForwardingStorage::map(path, mode);
  }

  // The recorded paths that start with `folder`; forgets all recorded paths.
  [[nodiscard]] std::vector<std::string> take(const std::string& folder = "") {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> taken = std::move(paths_);
    paths_.clear();
    std::erase_if(taken, [&](const std::string& path) { return !path.starts_with(folder); });
    return taken;
  }

 private:
  void record(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    paths_.push_back(path);
  }

  mutable std::mutex mutex_;
  mutable std::vector<std::string> paths_;
};

class OpenVersion : public testing::Test {
 protected:
  // Three versions that share a data file, two of them with a tag; the last one has a deletion
  // file.
  OpenVersion() : path_(folder_ / "m.lance") {
    Store store = Store::create(path_);
    for (unsigned i = 1; i <= 3; ++i) {
      MemorySource source = small_model();
      source.add("step", "int64", {}, std::string(8, static_cast<char>(i)));
      store.save(source, {.message = "save " + std::to_string(i), .metadata = {{"loss", "0.5"}}});
    }
    store.tag("best", 3);
    store.tag("first", 1);
    storage_ = std::make_shared<RecordingStorage>(path_);
    store_.emplace(Store::State::make_store({path_, storage_}));
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_;
  std::shared_ptr<RecordingStorage> storage_;
  std::optional<Store> store_;
};

TEST_F(OpenVersion, ReadsItsOwnManifestAndNoOther) {
  const Version version = store_->at();
  const std::vector<std::string> paths = storage_->take();
  std::set<std::string> manifests;
  for (const std::string& path : paths) {
    if (path.starts_with("_versions/")) manifests.insert(path);
    EXPECT_FALSE(path.starts_with("_refs")) << path;
    EXPECT_FALSE(path.starts_with("_transactions")) << path;
  }
  EXPECT_EQ(manifests.size(), 1u);
  EXPECT_EQ(version.tensors().size(), 6u);
}

TEST_F(OpenVersion, ReadsEachDataFileAndDeletionFileOnce) {
  (void)store_->at();
  std::vector<std::string> paths = storage_->take();
  std::erase_if(paths, [](const std::string& path) {
    return !path.starts_with("data/") && !path.starts_with("_deletions/");
  });
  EXPECT_GE(paths.size(), 3u) << "two data files and a deletion file";
  std::ranges::sort(paths);
  EXPECT_EQ(std::ranges::adjacent_find(paths), paths.end());
}

TEST_F(OpenVersion, InfoLooksUpTagsAndAddedBytesOnce) {
  const Version version = store_->at();
  (void)storage_->take();
  EXPECT_EQ(version.number(), 3u);
  EXPECT_EQ(version.layout(), Layout::native);
  EXPECT_THAT(storage_->take(), IsEmpty());
  EXPECT_THAT(version.info().tags, ElementsAre("best"));
  EXPECT_EQ(version.info().bytes_added, store_->versions().back().bytes_added);
  EXPECT_THAT(storage_->take(), testing::Not(IsEmpty()));
  EXPECT_EQ(version.info().message, "save 3");
  EXPECT_THAT(storage_->take(), IsEmpty());
}

TEST_F(OpenVersion, InfoIsThatOfTheFirstCall) {
  const Version version = store_->at();
  EXPECT_THAT(version.info().tags, ElementsAre("best"));
  store_->tag("also", 3);
  EXPECT_THAT(version.info().tags, ElementsAre("best"));
  EXPECT_THAT(store_->at().info().tags, ElementsAre("also", "best"));
}

TEST_F(OpenVersion, InfoOfAVersionThatWasRemovedSinceDoesNotFail) {
  const Version version = store_->at(3);
  const VersionInfo before = store_->at(3).info();
  for (const char* name : {"_versions", "_refs", "_transactions", "_deletions", "data"})
    std::filesystem::remove_all(path_ / name);
  const VersionInfo& info = version.info();
  EXPECT_EQ(info.message, "save 3");
  EXPECT_EQ(info.metadata, before.metadata);
  EXPECT_EQ(info.bytes_total, before.bytes_total);
  EXPECT_THAT(info.tags, IsEmpty());
  EXPECT_GT(info.bytes_added, 0u);
}

TEST_F(OpenVersion, InfoOfAnUnreadableStoreDoesNotFail) {
  const Version version = store_->at(3);
  std::filesystem::remove_all(path_ / "_versions");
  std::filesystem::remove_all(path_ / "_refs");
  folder_.write("m.lance/_versions", "a file");
  folder_.write("m.lance/_refs", "a file");
  EXPECT_EQ(version.info().message, "save 3");
  EXPECT_THAT(version.info().tags, IsEmpty());
  EXPECT_GT(version.info().bytes_added, 0u);
}

TEST_F(OpenVersion, InfoIsLookedUpByOneOfManyThreads) {
  const Version alone = store_->at();
  const Version shared = store_->at();
  (void)storage_->take();
  EXPECT_THAT(alone.info().tags, ElementsAre("best"));
  const std::vector<std::string> once = storage_->take();
  std::vector<const VersionInfo*> infos(8);
  {
    std::vector<std::jthread> threads;
    for (const VersionInfo*& info : infos)
      threads.emplace_back([&shared, &info] { info = &shared.info(); });
  }
  EXPECT_EQ(storage_->take(), once);
  for (const VersionInfo* info : infos) EXPECT_THAT(info->tags, ElementsAre("best"));
}

}  // namespace
}  // namespace lancekeep::store
