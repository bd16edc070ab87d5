// SPDX-License-Identifier: Apache-2.0
// Putting a whole store in its place, and what each step prevents:
//
//  1. Finish an exchange that a crash interrupted, then look at what is at the place. Only a free
//     place, an empty folder or, if asked for, a Lance dataset is accepted; anything else is
//     rejected and left unchanged.
//  2. Make a hidden folder beside the place, and hold a shared lock on it: else step 8 of
//     another process could mistake it for a folder that a crash left.
//  3. The caller saves into that folder. A crash between here and step 5 or 6 leaves the old store,
//     and a folder with ".lancekeep-" in its name.
//  4. Sync all files and folders of the new store, even if its saves were not durable: the old
//     store is about to be deleted, and a power cut could otherwise lose both.
//  5. If the place is free, rename the folder to it, sync the parent, and go on with step 8. The
//     rename fails if something has appeared there meanwhile: that is an error, unless it is a
//     dataset that may be replaced.
//  6. If a dataset is there, take the exclusive lock of its _versions, so that no save is committed
//     to a folder that is about to be deleted, and check that the dataset is still in its place.
//     Exchange the two folders in one step, and sync their parent: readers see either the old store
//     or the new one.
//  7. Delete the old store: only files with names that Lance writes. Files that are memory-mapped
//     stay readable.
//  8. Delete the folders that earlier, crashed replacements left beside the store, if they are old
//     and nobody has locked them. This comes last, so that no power cut can bring back a deleted
//     folder by undoing the exchange.
//
// Store::replace is these steps with one save in the middle.
#include <lancekeep/new_store.h>

#include "io/local_storage.h"
#include "io/rename.h"
#include "io/waiting.h"
#include "lance/table/file_names.h"
#include "lance/table/version_list.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/replace/stale_siblings.h"
#include "store/save/create.h"
#include "store/save/referenced_files.h"
#include "store/save/save.h"

#include <fmt/format.h>

#include <chrono>
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
  std::unique_ptr<io::Storage> old;  // the dataset to replace; null if the place is free
  std::unique_ptr<io::FolderLock> lock;
  std::optional<Store> store;
  bool is_published = false;

  ~State() {
    store.reset();
    if (is_published || fresh.empty()) return;
    try {
      store::remove_dataset(fresh);
    } catch (const Error&) {  // the folder then stays, as after a crash
    }
  }
  bool take_free_place();               // step 5
  std::vector<std::string> exchange();  // steps 6 and 7
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

void note_stale_siblings(std::size_t removed, std::vector<std::string>& notes) {
  if (removed == 0) return;
  notes.push_back(
      fmt::format("removed {} that an interrupted replacement had left beside the store",
                  removed == 1 ? "1 folder" : fmt::format("{} folders", removed)));
}

// The layout of the store at `path`; unset if it has no version.
std::optional<Layout> layout_at(const fs::path& path) {
  if (!store::is_there(path)) return std::nullopt;
  const auto storage = io::open_local_storage(path);
  const lance::VersionList versions = lance::list_versions(*storage);
  if (versions.entries.empty()) return std::nullopt;
  const store::ResolvedVersion latest = store::read_resolved(*storage, versions, {});
  return store::require_store(*storage, latest.file.manifest);
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
    state_->old = io::open_local_storage(state_->target);
    store::require_dataset(*state_->old, path);
  }
  state_->fresh = store::new_sibling(state_->target);  // 2
  const auto storage = io::create_local_storage(state_->fresh);
  state_->lock = storage->lock("", io::LockMode::shared);
  storage->make_folder(lance::kVersionsFolder);         // a dataset even if nothing is saved
  state_->store.emplace(Store::create(state_->fresh));  // 3
}

NewStore::NewStore(NewStore&&) noexcept = default;
NewStore& NewStore::operator=(NewStore&&) noexcept = default;
NewStore::~NewStore() = default;

Store& NewStore::store() { return *state_->store; }

std::vector<std::string> NewStore::publish() {
  State& state = *state_;
  store::sync_dataset(*io::open_local_storage(state.fresh));  // 4
  std::vector<std::string> notes;
  if (state.old == nullptr && !state.take_free_place()) {  // 5
    if (state.existing == Existing::refuse) already_there(state.given);
    state.old = io::open_local_storage(state.target);
    store::require_dataset(*state.old, state.given);
  }
  if (state.old != nullptr) notes = state.exchange();  // 6, 7
  const auto now = std::chrono::system_clock::now();
  note_stale_siblings(store::remove_stale_siblings(state.target, now), notes);  // 8
  return notes;
}

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
  const auto versions_lock = old->lock(lance::kVersionsFolder, io::LockMode::exclusive);
  if (!old->is_current()) {
    throw Error(ErrorCode::conflict, "the store was replaced by someone else meanwhile; try again",
                given.string());
  }
  io::check_interrupts();
  try {
    io::swap_folders(fresh, target);
  } catch (...) {
    // If the folders were exchanged, the sibling is the old dataset. It stays, because a power cut
    // could undo the exchange.
    is_published = !old->is_current();
    throw;
  }
  is_published = true;
  if (store::remove_dataset(fresh)) return {};
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
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  return report;
}

}  // namespace lancekeep
