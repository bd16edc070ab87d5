// SPDX-License-Identifier: Apache-2.0
#include "io/local_storage.h"

#include "io/rename.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <thread>

namespace lancekeep::io {
namespace {

class LocalStorageTest : public testing::Test {
 protected:
  std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }
  bool is_free(const std::string& name) const {
    const int probe = ::open(at(name).c_str(), O_RDONLY | O_CLOEXEC);
    const bool got_it = ::flock(probe, LOCK_EX | LOCK_NB) == 0;
    ::close(probe);
    return got_it;
  }
  TemporaryFolder folder_;
  std::unique_ptr<Storage> storage_ = create_local_storage(folder_.path() / "store");
};

TEST_F(LocalStorageTest, KeepsWhatIsWritten) {
  storage_->make_folder("data");
  {
    const auto file = storage_->create("data/a");
    file->write("abc");
    file->write("de");
    EXPECT_EQ(file->position(), 5u);
    file->sync();
  }
  storage_->sync_folder("data");
  storage_->sync_folder("");
  EXPECT_TRUE(storage_->exists("data/a"));
  EXPECT_TRUE(storage_->exists("data"));
  EXPECT_EQ(storage_->size("data/a"), 5u);
  EXPECT_EQ(storage_->read("data/a", 5).text(), "abcde");
  EXPECT_EQ(storage_->map("data/a", MapMode::read_only).text(), "abcde");
  EXPECT_EQ(storage_->map("data/a", MapMode::copy_on_write).text(), "abcde");
  EXPECT_EQ(storage_->full_name("data/a"), at("store/data/a").string());
}

TEST_F(LocalStorageTest, NamesAMissingFile) {
  EXPECT_FALSE(storage_->exists("none"));
  EXPECT_FALSE(storage_->exists("none/none"));
  EXPECT_TRUE(storage_->list("none").empty());
  const auto is_missing = fails_with(ErrorCode::not_found, "store/none");
  EXPECT_THAT([&] { (void)storage_->size("none"); }, is_missing);
  EXPECT_THAT([&] { (void)storage_->read("none", 9); }, is_missing);
  EXPECT_THAT([&] { (void)storage_->map("none", MapMode::read_only); }, is_missing);
  EXPECT_THAT([&] { (void)storage_->create("none/a"); }, is_missing);
  EXPECT_THAT([&] { storage_->make_folder("none/a"); }, is_missing);
  EXPECT_THAT([&] { storage_->sync_folder("none"); }, is_missing);
  EXPECT_THAT([&] { (void)storage_->lock("none", LockMode::shared); }, is_missing);
  EXPECT_THAT([&] { (void)storage_->rename_new("none", "b"); }, is_missing);
  EXPECT_THAT([&] { storage_->rename_over("none", "b"); }, is_missing);
}

TEST_F(LocalStorageTest, ListsFilesAndFolders) {
  folder_.write("store/a", "abc");
  storage_->make_folder("data");
  std::filesystem::create_directory_symlink("data", at("store/link"));
  const auto now = std::chrono::system_clock::now();
  std::map<std::string, FolderEntry> found;
  for (auto& entry : storage_->list("")) found.emplace(entry.name, entry);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found.at("a").size, 3u);
  EXPECT_FALSE(found.at("a").is_folder);
  EXPECT_LT(found.at("a").modified - now, std::chrono::hours(1));
  EXPECT_LT(now - found.at("a").modified, std::chrono::hours(1));
  EXPECT_TRUE(found.at("data").is_folder);
  EXPECT_FALSE(found.at("link").is_folder);
  EXPECT_TRUE(storage_->list("data").empty());
  EXPECT_THAT([&] { (void)storage_->list("a"); },
              fails_with(ErrorCode::io, "store/a: cannot open: Not a directory"));
}

TEST_F(LocalStorageTest, ReadRejectsALargerFile) {
  folder_.write("store/a", "abcd");
  EXPECT_THAT([&] { (void)storage_->read("a", 3); },
              fails_with(ErrorCode::corrupt, "store/a: expected at most 3 bytes, found 4"));
}

TEST_F(LocalStorageTest, ReadsOnlyRegularFiles) {
  ASSERT_EQ(::mkfifo(at("store/pipe").c_str(), 0600), 0);
  const auto is_rejected = fails_with(ErrorCode::io, "store/pipe: expected a file, found a device");
  EXPECT_THAT([&] { (void)storage_->read("pipe", 9); }, is_rejected);
  EXPECT_THAT([&] { (void)storage_->map("pipe", MapMode::read_only); }, is_rejected);
  EXPECT_THAT([&] { (void)storage_->size("pipe"); }, is_rejected);
  storage_->make_folder("data");
  EXPECT_THAT([&] { (void)storage_->read("data", 9); },
              fails_with(ErrorCode::io, "expected a file, found a folder"));
}

TEST_F(LocalStorageTest, CreateRejectsANameThatIsTaken) {
  folder_.write("store/a", "abc");
  std::filesystem::create_symlink("nowhere", at("store/link"));
  EXPECT_THAT([&] { (void)storage_->create("a"); },
              fails_with(ErrorCode::already_exists, "store/a: cannot create"));
  EXPECT_THAT([&] { (void)storage_->create("link"); },
              fails_with(ErrorCode::already_exists, "store/link: cannot create"));
  EXPECT_EQ(folder_.read("store/a"), "abc");
  EXPECT_FALSE(std::filesystem::exists(at("store/nowhere")));
}

TEST_F(LocalStorageTest, MakeFolderAcceptsAFolderAndNothingElse) {
  storage_->make_folder("data");
  EXPECT_NO_THROW(storage_->make_folder("data"));
  folder_.write("store/a", "abc");
  EXPECT_THAT([&] { storage_->make_folder("a"); },
              fails_with(ErrorCode::io, "store/a: cannot open: Not a directory"));
  std::filesystem::create_directory_symlink("..", at("store/up"));
  EXPECT_THAT([&] { storage_->make_folder("up"); },
              fails_with(ErrorCode::unsafe, "store/up: rejected: a link"));
}

TEST_F(LocalStorageTest, RenameNewNeverOverwrites) {
  folder_.write("store/a", "new");
  folder_.write("store/b", "old");
  EXPECT_FALSE(storage_->rename_new("a", "b"));
  EXPECT_EQ(folder_.read("store/b"), "old");
  EXPECT_EQ(folder_.read("store/a"), "new");
  EXPECT_TRUE(storage_->rename_new("a", "c"));
  EXPECT_EQ(folder_.read("store/c"), "new");
  EXPECT_FALSE(storage_->exists("a"));
}

TEST_F(LocalStorageTest, RenameOverOverwrites) {
  folder_.write("store/a", "new");
  folder_.write("store/b", "old");
  storage_->rename_over("a", "b");
  EXPECT_EQ(folder_.read("store/b"), "new");
  EXPECT_FALSE(storage_->exists("a"));
}

TEST_F(LocalStorageTest, RemovesFilesLinksAndEmptyFolders) {
  folder_.write("secret", "key");
  folder_.write("store/a", "abc");
  folder_.write("store/full/a", "abc");
  storage_->make_folder("empty");
  std::filesystem::create_symlink("../secret", at("store/link"));
  for (const std::string name : {"a", "empty", "link", "none", "none/none"}) storage_->remove(name);
  EXPECT_EQ(storage_->list("").size(), 1u);
  EXPECT_EQ(folder_.read("secret"), "key");
  EXPECT_THAT([&] { storage_->remove("full"); },
              fails_with(ErrorCode::io, "store/full: cannot remove: Directory not empty"));
}

TEST_F(LocalStorageTest, ListsAFileFromBeyondTheRangeOfTimes) {
  folder_.write("store/a", "abc");
  const timespec beyond = {16'000'000'000, 0};  // the year 2477
  const timespec times[] = {beyond, beyond};
  ASSERT_EQ(::utimensat(AT_FDCWD, at("store/a").c_str(), times, 0), 0);
  EXPECT_GT(storage_->list("").at(0).modified, std::chrono::system_clock::now());
}

TEST_F(LocalStorageTest, DistinguishesRegularFilesFromOtherEntries) {
  folder_.write("store/file", "abc");
  storage_->make_folder("folder");
  std::filesystem::create_symlink("file", at("store/link"));
  ASSERT_EQ(::mkfifo(at("store/pipe").c_str(), 0600), 0);
  for (const FolderEntry& entry : storage_->list("")) {
    EXPECT_EQ(entry.is_file, entry.name == "file") << entry.name;
  }
}

TEST_F(LocalStorageTest, RemoveUnusedLeavesAFileThatIsBeingWritten) {
  auto file = storage_->create("a");
  const auto other = open_local_storage(at("store"));
  EXPECT_FALSE(other->remove_unused("a"));
  EXPECT_FALSE(storage_->remove_unused("a")) << "of the same process, too";
  EXPECT_TRUE(storage_->exists("a"));
  file.reset();
  EXPECT_TRUE(other->remove_unused("a"));
  EXPECT_FALSE(storage_->exists("a"));
}

TEST_F(LocalStorageTest, CreatesAFileAgainIfGcDeletedItBeforeItWasLocked) {
  std::atomic<bool> is_over = false;
  std::thread clean_up([&] {
    const auto other = open_local_storage(at("store"));
    while (!is_over) {
      for (const FolderEntry& entry : other->list("")) (void)other->remove_unused(entry.name);
    }
  });
  int there = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "file" + std::to_string(i);
    try {
      const auto file = storage_->create(name);
      there += storage_->exists(name) ? 1 : 0;
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
  is_over = true;
  clean_up.join();
  EXPECT_EQ(there, 5000);
}

TEST_F(LocalStorageTest, RemoveUnusedIgnoresAMissingFile) {
  EXPECT_TRUE(storage_->remove_unused("none"));
  EXPECT_TRUE(storage_->remove_unused("none/none"));
}

TEST_F(LocalStorageTest, RemoveUnusedRejectsALink) {
  folder_.write("store/a", "abc");
  std::filesystem::create_symlink("a", at("store/link"));
  EXPECT_THROW((void)storage_->remove_unused("link"), Error);
  EXPECT_TRUE(std::filesystem::is_symlink(at("store/link")));
  EXPECT_TRUE(storage_->exists("a"));
}

TEST_F(LocalStorageTest, NoCallLeavesTheFolder) {
  folder_.write("secret", "key");
  folder_.write("store/a", "abc");
  std::filesystem::create_directory_symlink("..", at("store/up"));
  for (const std::string path : {"../secret", "up/secret", "/etc/passwd"}) {
    const auto is_rejected = fails_with(ErrorCode::unsafe, "rejected");
    EXPECT_THAT([&] { (void)storage_->exists(path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->size(path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->list(path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->read(path, 9); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->map(path, MapMode::read_only); }, is_rejected);
    EXPECT_THAT([&] { storage_->make_folder(path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->create(path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->rename_new("a", path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->rename_new(path, "b"); }, is_rejected);
    EXPECT_THAT([&] { storage_->rename_over("a", path); }, is_rejected);
    EXPECT_THAT([&] { storage_->rename_over(path, "b"); }, is_rejected);
    EXPECT_THAT([&] { storage_->remove(path); }, is_rejected);
    EXPECT_THAT([&] { storage_->sync_file(path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->remove_unused(path); }, is_rejected);
    EXPECT_THAT([&] { storage_->sync_folder(path); }, is_rejected);
    EXPECT_THAT([&] { (void)storage_->lock(path, LockMode::shared); }, is_rejected);
  }
  EXPECT_EQ(folder_.read("secret"), "key");
  EXPECT_EQ(folder_.read("store/a"), "abc");
}

TEST_F(LocalStorageTest, AFileIsLockedWhileItIsWritten) {
  auto file = storage_->create("a");
  EXPECT_FALSE(is_free("store/a"));
  file->sync();
  EXPECT_FALSE(is_free("store/a"));
  file.reset();
  EXPECT_TRUE(is_free("store/a"));
}

TEST_F(LocalStorageTest, SyncsAnExistingFileAndNothingElse) {
  folder_.write("store/a", "abc");
  EXPECT_NO_THROW(storage_->sync_file("a"));
  EXPECT_THAT([&] { storage_->sync_file("none"); }, fails_with(ErrorCode::not_found, "store/none"));
  storage_->make_folder("folder");
  EXPECT_THAT([&] { storage_->sync_file("folder"); },
              fails_with(ErrorCode::io, "expected a file, found a folder"));
}

TEST_F(LocalStorageTest, LocksOfTwoStoragesConflict) {
  const auto other = open_local_storage(at("store"));
  auto first = storage_->lock("", LockMode::shared);
  auto second = other->lock("", LockMode::shared);
  first.reset();
  EXPECT_FALSE(is_free("store"));
  second.reset();
  EXPECT_TRUE(is_free("store"));
}

TEST_F(LocalStorageTest, FilesAndViewsOutliveTheStorage) {
  folder_.write("store/a", "abc");
  const ByteView view = storage_->map("a", MapMode::read_only);
  const auto file = storage_->create("b");
  storage_.reset();
  file->write("de");
  file->flush();
  EXPECT_EQ(view.text(), "abc");
  EXPECT_EQ(folder_.read("store/b"), "de");
}

TEST_F(LocalStorageTest, KnowsWhenItWasReplacedOrRemoved) {
  EXPECT_TRUE(storage_->is_current());
  (void)create_local_storage(at("new"));
  EXPECT_TRUE(swap_folders(at("new"), at("store")));
  EXPECT_FALSE(storage_->is_current());
  EXPECT_TRUE(swap_folders(at("new"), at("store")));
  EXPECT_TRUE(storage_->is_current());
  std::filesystem::remove(at("store"));
  EXPECT_FALSE(storage_->is_current());
}

TEST_F(LocalStorageTest, OpenRejectsWhatIsNotAFolder) {
  EXPECT_THAT([&] { (void)open_local_storage(at("none")); },
              fails_with(ErrorCode::not_found, "none"));
  folder_.write("file", "x");
  EXPECT_THAT([&] { (void)open_local_storage(at("file")); },
              fails_with(ErrorCode::invalid_argument, "expected a folder, found a file"));
  EXPECT_THAT([&] { (void)create_local_storage(at("file")); },
              fails_with(ErrorCode::invalid_argument, "expected a folder, found a file"));
}

TEST_F(LocalStorageTest, CreateMakesMissingParents) {
  const auto deep = create_local_storage(at("x/y/z/"));
  EXPECT_EQ(deep->full_name("a"), at("x/y/z/a").string());
  deep->make_folder("data");
  EXPECT_TRUE(std::filesystem::is_directory(at("x/y/z/data")));
  EXPECT_TRUE(create_local_storage(at("x/y/z"))->exists("data"));
}

}  // namespace
}  // namespace lancekeep::io
