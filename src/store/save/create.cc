// SPDX-License-Identifier: Apache-2.0
#include "store/save/create.h"

#include <lancekeep/store.h>

#include "io/descriptor.h"
#include "io/file_lock.h"
#include "io/local_storage.h"
#include "io/rename.h"
#include "io/rooted_path.h"
#include "kinds/file_kinds.h"
#include "lance/table/file_names.h"
#include "lance/table/version_list.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/save/save.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

// _versions is removed last: what is left until then must look like a dataset.
constexpr std::array kMadeFolders = {lance::kDataFolder,      lance::kTransactionsFolder,
                                     lance::kDeletionsFolder, lance::kTagsFolder,
                                     lance::kRefsFolder,      lance::kVersionsFolder};

class NoLock : public io::FolderLock {};

class StorageToBeMade : public io::Storage {
 public:
  explicit StorageToBeMade(const fs::path& folder) : folder_(io::absolute_folder(folder)) {}

  std::string full_name(const std::string& path) const override {
    return path.empty() ? folder_.string() : (folder_ / path).string();
  }
  bool exists(const std::string& path) const override {
    const auto there = find();
    return there != nullptr && there->exists(path);
  }
  std::uint64_t size(const std::string& path) const override { return require(path)->size(path); }
  std::vector<io::FolderEntry> list(const std::string& folder) const override {
    const auto there = find();
    return there == nullptr ? std::vector<io::FolderEntry>() : there->list(folder);
  }
  std::vector<std::string> file_names(const std::string& folder) const override;
  io::ByteView read(const std::string& path, std::uint64_t limit) const override {
    return require(path)->read(path, limit);
  }
  io::InputFile open(const std::string& path) const override { return require(path)->open(path); }
  io::ByteView map(const std::string& path, io::MapMode mode) const override {
    return require(path)->map(path, mode);
  }
  void make_folder(const std::string& path) override { make()->make_folder(path); }
  std::unique_ptr<io::WritableFile> create(const std::string& path) override {
    return require(path)->create(path);
  }
  bool rename_new(const std::string& from, const std::string& to) override {
    const auto there = require(from);
    const bool is_renamed = there->rename_new(from, to);
    if (is_renamed && to.starts_with(lance::kVersionsFolder)) settle(there);
    return is_renamed;
  }
  void rename_over(const std::string& from, const std::string& to) override {
    require(from)->rename_over(from, to);
  }
  void remove(const std::string& path) override {
    if (const auto there = find()) there->remove(path);
  }
  bool remove_unused(const std::string& path) override {
    const auto there = find();
    return there == nullptr || there->remove_unused(path);
  }
  void sync_file(const std::string& path) override { require(path)->sync_file(path); }
  void sync_folder(const std::string& path) override { require(path)->sync_folder(path); }
  std::unique_ptr<io::FolderLock> lock(const std::string& folder, io::LockMode mode) override;
  bool is_current() const override {
    const auto there = find();
    return there == nullptr || there->is_current();
  }

 private:
  std::shared_ptr<io::Storage> find() const;
  std::shared_ptr<io::Storage> require(const std::string& path) const;
  std::shared_ptr<io::Storage> make();
  // There is a version in `there`: from now on, no other folder may take its place.
  void settle(const std::shared_ptr<io::Storage>& there) const {
    const std::lock_guard guard(mutex_);
    if (found_ == there) has_version_ = true;
  }

  const fs::path folder_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<io::Storage> found_;  // null while the folder does not exist
  mutable bool has_version_ = false;            // once true, the folder is not looked for again
};

// Returns null while the folder does not exist.
std::shared_ptr<io::Storage> StorageToBeMade::find() const {
  const std::lock_guard guard(mutex_);
  if (found_ != nullptr && (has_version_ || found_->is_current())) return found_;
  found_ = is_there(folder_) ? io::open_local_storage(folder_) : nullptr;
  return found_;
}

std::shared_ptr<io::Storage> StorageToBeMade::require(const std::string& path) const {
  if (auto there = find()) return there;
  throw Error(ErrorCode::not_found, "there is no such file", full_name(path));
}

std::shared_ptr<io::Storage> StorageToBeMade::make() {
  if (auto there = find()) return there;
  require_parent(folder_);
  const std::lock_guard guard(mutex_);
  found_ = io::create_local_storage(folder_);
  return found_;
}

std::vector<std::string> StorageToBeMade::file_names(const std::string& folder) const {
  const auto there = find();
  if (there == nullptr) return {};
  std::vector<std::string> names = there->file_names(folder);
  const auto is_manifest = [](const std::string& name) { return name.ends_with(".manifest"); };
  if (folder == lance::kVersionsFolder && std::ranges::any_of(names, is_manifest)) {
    settle(there);
  }
  return names;
}

// A folder that does not exist contains nothing that a lock could protect.
std::unique_ptr<io::FolderLock> StorageToBeMade::lock(const std::string& folder,
                                                      io::LockMode mode) {
  const auto there = find();
  if (there == nullptr || (!folder.empty() && !there->exists(folder))) {
    return std::make_unique<NoLock>();
  }
  return there->lock(folder, mode);
}

std::set<std::string> names_in(const io::Storage& storage) {
  std::set<std::string> names;
  for (const io::FolderEntry& entry : storage.list("")) names.insert(entry.name);
  return names;
}

}  // namespace

void require_store_name(const fs::path& path) {
  const fs::path folder = io::absolute_folder(path);
  if (!kinds::is_file_name(folder)) return;
  throw Error(
      ErrorCode::invalid_argument,
      fmt::format("a store is a folder, and `{}` is the name of a file; choose another, such "
                  "as `{}.lance`. To convert a model file, import it into a store, then "
                  "export that",
                  folder.filename().string(), folder.stem().string()),
      path.string());
}

void require_parent(const fs::path& folder) {
  const fs::path parent = io::absolute_folder(folder).parent_path();
  std::error_code ignored;
  if (fs::is_directory(parent, ignored)) return;
  throw Error(ErrorCode::not_found,
              fmt::format("the parent folder `{}` does not exist; make it first", parent.string()),
              folder.string());
}

std::unique_ptr<io::Storage> open_storage_to_be_made(const fs::path& folder) {
  return std::make_unique<StorageToBeMade>(folder);
}

FirstSaveFolder::FirstSaveFolder(io::Storage& storage)
    : storage_(storage), folder_(storage.full_name("")) {
  require_dataset_or_empty(storage, folder_);
  was_there_ = is_there(folder_);
  were_there_ = names_in(storage);
  try {
    for (int attempt = 0;; ++attempt) {
      storage.make_folder(lance::kVersionsFolder);
      lock_ = storage.lock("", io::LockMode::shared);  // 1
      if (storage.exists(lance::kVersionsFolder) && storage.is_current()) break;
      // Another first save has removed what it made; but a store that was replaced never returns.
      if (attempt >= kMaxCommitAttempts) require_current(storage);
    }
    storage.sync_folder("");  // 2
  } catch (...) {             // an Error, or what a signal raised while the lock was waited for
    remove_what_was_made();
    throw;
  }
}

FirstSaveFolder::~FirstSaveFolder() { remove_what_was_made(); }  // 3

void FirstSaveFolder::remove_what_was_made() {
  lock_.reset();
  const auto was_there = [this](const std::string& path) {
    return were_there_.contains(path.substr(0, path.find('/')));
  };
  if (was_there_ && std::ranges::all_of(kMadeFolders, was_there)) return;
  try {
    const io::Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open()) return;
    const auto lock = io::lock_to_remove(folder.get(), folder_.string());
    if (!lock) return;
    if (!storage_.is_current() || !storage_.file_names(lance::kVersionsFolder).empty()) return;
    for (const char* name : kMadeFolders) {
      if (!was_there(name)) storage_.remove(name);
    }
    if (!was_there_) (void)::rmdir(folder_.c_str());
  } catch (const Error&) {  // what remains is a store without a version
  }
}

}  // namespace lancekeep::store

namespace lancekeep {

Store Store::create(const std::filesystem::path& path) {
  store::require_local(path);
  store::require_no_file(path);
  io::finish_swap(path);
  std::shared_ptr<io::Storage> storage;
  if (store::is_there(path)) {
    storage = io::open_local_storage(path);
    store::require_dataset_or_empty(*storage, path);
    if (!lance::list_versions(*storage).entries.empty()) {
      return State::make_store({path, std::move(storage)});
    }
    if (!storage->exists(lance::kVersionsFolder)) store::require_store_name(path);
  } else {
    store::require_store_name(path);
    store::require_parent(path);
  }
  storage = store::open_storage_to_be_made(path);
  return State::make_store({path, std::move(storage)});
}

}  // namespace lancekeep
