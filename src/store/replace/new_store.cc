// SPDX-License-Identifier: Apache-2.0
// Putting a whole store in its place, and what each step prevents:
//
//  1. Finish an exchange that a crash interrupted, then look at what is at the place. Only a free
//     place, an empty folder or, if asked for, a Lance dataset is accepted; anything else is
//     rejected and left unchanged.
//  2. Make a hidden folder beside the place, and hold a shared lock on it: else step 8 of
//     another process could mistake it for a folder that a crash left. If that process was faster,
//     the folder is gone once it is locked: make another. If a folder is replaced, only the owner
//     may enter the new one before step 4.
//  3. The caller saves into that folder. A crash between here and step 5 or 6 leaves the old store,
//     and a folder with ".lancekeep-" in its name.
//  4. Give the new store the owner, group and mode of the old one: private weights stay private.
//     Then sync all its files and folders, even if its saves were not durable: the old store is
//     about to be deleted, and a power cut could otherwise lose both.
//  5. If the place is free, rename the folder to it, sync the parent, and go on with step 8. The
//     rename fails if something has appeared there meanwhile: that is an error, unless it is a
//     dataset that may be replaced.
//  6. If a dataset is there, take the exclusive lock of its _versions, so that no save is committed
//     to a folder that is about to be deleted, and check that the dataset is still in its place.
//     Exchange the two folders in one step, and sync their parent: readers see either the old store
//     or the new one. Until then hold a shared lock on the old folder as well: step 8 of another
//     process must not delete it before the exchange is on the disk.
//     If the folder cannot be renamed (it is in a lower layer of an overlay, or a mount point), no
//     exchange is possible: save the new version into the old store instead, durably, on top of
//     its latest version; then delete the older tags and versions as gc does. A crash leaves the
//     old store, or the old versions below the new one.
//  7. Delete the old store: only files with names that Lance writes. Files that are memory-mapped
//     stay readable.
//  8. Delete the folders that earlier, crashed replacements left beside the store, if nobody has
//     locked them. The parent is synced before, so that no power cut can bring back a deleted
//     folder by undoing the exchange of a replacement that died.
//
// Store::replace is these steps with one save in the middle.
#include <lancekeep/new_store.h>

#include "io/local_storage.h"
#include "io/permissions.h"
#include "io/rename.h"
#include "io/waiting.h"
#include "lance/table/file_names.h"
#include "lance/table/version_list.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/replace/keep_permissions.h"
#include "store/replace/save_in_place.h"
#include "store/replace/stale_siblings.h"
#include "store/save/create.h"
#include "store/save/referenced_files.h"
#include "store/save/save.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <system_error>
#include <utility>

namespace lancekeep {

namespace fs = std::filesystem;

struct NewStore::State {
  fs::path given;   // as the caller wrote it, for messages
  fs::path target;  // without links
  Existing existing = Existing::refuse;
  fs::path fresh;
  std::shared_ptr<io::Storage> old;  // the dataset to replace; null if the place is free
  std::unique_ptr<io::FolderLock> lock;
  std::optional<Store> store;
  bool is_published = false;
  std::uint64_t published = 0;  // the number of the latest version, once it is at the place

  ~State() {
    store.reset();
    if (is_published || fresh.empty()) return;
    try {
      store::remove_dataset(fresh);
    } catch (const Error&) {  // the folder then stays, as after a crash
    }
  }
  void make_fresh();                    // step 2
  std::vector<std::string> finish();    // step 4
  bool take_free_place();               // step 5
  std::vector<std::string> exchange();  // steps 6 and 7
  std::vector<std::string> remove_old() const;
};

namespace {

[[noreturn]] void already_there(const fs::path& path) {
  throw Error(ErrorCode::already_exists, "something already exists at this path", path.string());
}

bool is_empty_folder(const fs::path& path) {
  std::error_code error;
  const bool is_empty = fs::is_directory(path, error) && fs::is_empty(path, error);
  return is_empty && !error;
}

// The path with links resolved, and without the slash that a shell's completion appends.
fs::path place_of(const fs::path& path) {
  std::error_code error;
  fs::path place = fs::weakly_canonical(fs::absolute(path), error);
  if (error)
    throw Error(ErrorCode::io, "cannot follow the path: " + error.message(), path.string());
  if (!place.has_filename()) place = place.parent_path();
  store::require_parent(place);
  return place;
}

void note_stale_siblings(const store::RemovedSiblings& removed, std::vector<std::string>& notes) {
  if (removed.folders == 0) return;
  notes.push_back(
      fmt::format("removed {} that an interrupted replacement had left beside the store",
                  removed.folders == 1 ? "1 folder" : fmt::format("{} folders", removed.folders)));
}

// What a replacement removes, if anyone may miss it: several versions, or tags.
void note_history(const io::Storage& old, std::vector<std::string>& notes) {
  const std::size_t versions = lance::list_versions(old).entries.size();
  std::vector<std::string> tags;
  for (const auto& [version, names] : store::tags_by_version(old)) {
    for (const std::string& name : names) tags.push_back(fmt::format("{} ({})", name, version));
  }
  if (versions <= 1 && tags.empty()) return;
  notes.push_back(
      fmt::format("the store that was replaced had {}{}, which are gone",
                  versions == 1 ? "1 version" : fmt::format("{} versions", versions),
                  tags.empty() ? "" : fmt::format(" and the tags {}", fmt::join(tags, ", "))));
}

std::optional<Layout> layout_of_latest(const io::Storage& storage) {
  const lance::VersionList versions = lance::list_versions(storage);
  if (versions.entries.empty()) return std::nullopt;
  const store::ResolvedVersion latest = store::read_resolved(storage, versions, {});
  return store::require_store(storage, latest.file.manifest);
}

// The layout of the store at `path`; unset if it has no version. Looks again if a clean-up or
// another replacement has just removed what was being read.
std::optional<Layout> layout_at(const fs::path& path) {
  for (int look = 1;; ++look) {
    if (!store::is_there(path) || is_empty_folder(path)) return std::nullopt;
    const auto storage = store::open_dataset(path);
    try {
      return layout_of_latest(*storage);
    } catch (const Error& error) {
      const bool may_be_outdated =
          error.code() == ErrorCode::not_found || error.code() == ErrorCode::conflict;
      if (!may_be_outdated || look >= store::kMaxLooks) throw;
    }
  }
}

}  // namespace

NewStore::NewStore(const fs::path& path, Existing existing) : state_(std::make_unique<State>()) {
  store::require_local(path);
  io::finish_swap(path);  // 1
  state_->given = path;
  state_->target = place_of(path);
  state_->existing = existing;
  if (!store::is_there(state_->target) || is_empty_folder(state_->target)) {
    store::require_store_name(path);
  } else {
    if (existing == Existing::refuse) already_there(path);
    store::require_no_file(path);
    state_->old = store::open_dataset(state_->target);
  }
  state_->make_fresh();
  state_->store.emplace(Store::create(state_->fresh));  // 3
}

void NewStore::State::make_fresh() {
  const bool is_private = store::is_there(target);
  while (!lock) {
    fresh = store::new_sibling(target);
    try {
      if (is_private) io::make_private_folder(fresh);
      const auto storage =
          is_private ? io::open_local_storage(fresh) : io::create_local_storage(fresh);
      auto shared = storage->lock("", io::LockMode::shared);
      storage->make_folder(lance::kVersionsFolder);  // a dataset even if nothing is saved
      if (storage->is_current()) lock = std::move(shared);
    } catch (const Error& error) {
      // Another process may have removed the folder as soon as it was made.
      if (error.code() != ErrorCode::not_found || store::is_there(fresh)) throw;
      store::require_parent(target);
    }
  }
}

std::vector<std::string> NewStore::State::finish() {
  std::vector<std::string> notes;
  if (old != nullptr || is_empty_folder(target)) notes = store::keep_permissions(target, fresh);
  const auto storage = io::open_local_storage(fresh);
  store::sync_dataset(*storage);
  published = lance::list_versions(*storage).newest();
  return notes;
}

NewStore::NewStore(NewStore&&) noexcept = default;
NewStore& NewStore::operator=(NewStore&&) noexcept = default;
NewStore::~NewStore() = default;

Store& NewStore::store() { return *state_->store; }

std::vector<std::string> NewStore::publish() {
  State& state = *state_;
  std::vector<std::string> notes = state.finish();         // 4
  if (state.old == nullptr && !state.take_free_place()) {  // 5
    if (state.existing == Existing::refuse) already_there(state.given);
    state.old = store::open_dataset(state.target);
    notes = state.finish();  // of what has just appeared
  }
  if (state.old != nullptr) {  // 6, 7
    const auto more = state.exchange();
    if (!state.is_published) notes.clear();  // the old folder is still there, as it was
    notes.insert(notes.end(), more.begin(), more.end());
  }
  note_stale_siblings(store::remove_stale_siblings(state.target), notes);  // 8
  return notes;
}

std::uint64_t NewStore::published_version() const { return state_->published; }

// Returns false if something has appeared at the place.
bool NewStore::State::take_free_place() {
  io::check_interrupts();
  std::error_code error;
  fs::rename(fresh, target, error);  // replaces an empty folder, but nothing else
  if (error && store::is_there(target)) return false;
  if (error)
    throw Error(ErrorCode::io, "cannot be put in its place: " + error.message(), given.string());
  is_published = true;
  io::open_local_storage(target)->sync_folder("");
  return true;
}

std::vector<std::string> NewStore::State::exchange() {
  auto folder_lock = old->lock("", io::LockMode::shared);
  auto versions_lock = old->lock(lance::kVersionsFolder, io::LockMode::exclusive);
  if (!old->is_current()) {
    throw Error(ErrorCode::conflict, "the store was replaced by someone else meanwhile; try again",
                given.string());
  }
  std::vector<std::string> notes;
  note_history(*old, notes);
  bool is_swapped = false;
  io::check_interrupts();
  try {
    is_swapped = io::swap_folders(fresh, target);
  } catch (...) {
    // If the folders were exchanged, the sibling is the old dataset. It stays, because a power cut
    // could undo the exchange.
    is_published = !old->is_current();
    throw;
  }
  folder_lock.reset();
  std::vector<std::string> more;
  if (is_swapped) {
    is_published = true;
    more = remove_old();
  } else {
    versions_lock.reset();  // a save takes it
    SaveReport report = store::save_in_place(*store, target);
    published = report.version;
    more = std::move(report.notes);
  }
  notes.insert(notes.end(), more.begin(), more.end());
  return notes;
}

// A save into the old folder, which will fail, may still be making files.
std::vector<std::string> NewStore::State::remove_old() const {
  constexpr int kMaxTries = 10;
  for (int i = 0; i < kMaxTries; ++i) {
    if (store::remove_dataset(fresh)) return {};
    if (store::holds_foreign_files(fresh)) break;
  }
  if (!store::holds_foreign_files(fresh)) return {};  // the next replacement or gc removes the rest
  return {"the old store held files that Lance does not write; they are left in " + fresh.string()};
}

SaveReport Store::replace(const fs::path& path, TensorSource& source, const SaveOptions& options) {
  NewStore fresh(path, NewStore::Existing::replace);
  SaveOptions save = options;
  if (const auto layout = layout_at(path)) {
    store::require_layout(*io::open_local_storage(path), *layout, options);
    save.layout = layout;
  }
  SaveReport report = fresh.store().save(source, save);
  const auto now = layout_at(path);
  if (now && *now != save.layout.value_or(Layout::native)) {
    throw Error(ErrorCode::conflict,
                "someone else has made a store of another layout here meanwhile; try again",
                path.string());
  }
  std::vector<std::string> notes = fresh.publish();
  report.version = fresh.published_version();
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  return report;
}

}  // namespace lancekeep
