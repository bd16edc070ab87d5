// SPDX-License-Identifier: Apache-2.0
// A NewStore is filled in a sibling of its place, named and locked like the new folder of
// Store::replace, so that what a crash leaves of it goes with the next replacement there. A free
// place is taken by a rename, which the system refuses where something appeared there meanwhile; a
// dataset is exchanged as Store::replace does it.
#include <lancekeep/new_store.h>

#include "io/local_storage.h"
#include "lance/table/file_names.h"
#include "store/read/dataset_folder.h"
#include "store/save/leftovers.h"

#include <fmt/format.h>

#include <optional>
#include <system_error>
#include <utility>

namespace lancekeep {

namespace fs = std::filesystem;

struct NewStore::State {
  fs::path given;   // for messages
  fs::path target;  // without links
  fs::path fresh;
  std::unique_ptr<io::Storage> old;  // the dataset that it replaces; null: none
  std::unique_ptr<io::FolderLock> lock;
  std::optional<Store> store;
  bool is_published = false;

  ~State() {
    store.reset();
    if (is_published || fresh.empty()) return;
    try {
      store::remove_dataset(fresh);
    } catch (const Error&) {  // then it stays, as after a crash
    }
  }
};

namespace {

[[noreturn]] void already_there(const fs::path& path) {
  throw Error(ErrorCode::already_exists, "there is something already", path.string());
}

bool is_empty_folder(const fs::path& path) {
  std::error_code error;
  const bool is_empty = fs::is_directory(path, error) && fs::is_empty(path, error);
  return is_empty && !error;
}

// Without a link, and without the slash that a shell's completion puts behind it.
fs::path place_of(const fs::path& path) {
  std::error_code error;
  fs::path place = fs::weakly_canonical(fs::absolute(path), error);
  if (error)
    throw Error(ErrorCode::io, "cannot follow the path: " + error.message(), path.string());
  if (!place.has_filename()) place = place.parent_path();
  if (fs::is_directory(place.parent_path(), error)) return place;
  throw Error(ErrorCode::not_found,
              fmt::format("the folder that it is to be in, `{}`, does not exist",
                          place.parent_path().string()),
              path.string());
}

}  // namespace

NewStore::NewStore(const fs::path& path, Existing existing) : state_(std::make_unique<State>()) {
  io::finish_swap(path);
  state_->given = path;
  state_->target = place_of(path);
  if (store::is_there(state_->target) && !is_empty_folder(state_->target)) {
    if (existing == Existing::refuse) already_there(path);
    state_->old = io::open_local_storage(state_->target);
    store::require_dataset(*state_->old, path);
  }
  state_->fresh = store::new_sibling(state_->target);
  state_->store.emplace(Store::create(state_->fresh));
  state_->lock = io::open_local_storage(state_->fresh)->lock("", io::LockMode::shared);
}

NewStore::NewStore(NewStore&&) noexcept = default;
NewStore& NewStore::operator=(NewStore&&) noexcept = default;
NewStore::~NewStore() = default;

Store& NewStore::store() { return *state_->store; }

std::vector<std::string> NewStore::publish() {
  State& state = *state_;
  if (state.old == nullptr) {
    std::error_code error;
    fs::rename(state.fresh, state.target, error);  // also over an empty folder, and no other
    if (error && store::is_there(state.target)) already_there(state.given);
    if (error)
      throw Error(ErrorCode::io, "cannot be put in its place: " + error.message(),
                  state.given.string());
    state.is_published = true;
    io::open_local_storage(state.target)->sync_folder("");
    return {};
  }
  const auto lock = state.old->lock(lance::kVersionsFolder, io::LockMode::exclusive);
  if (!state.old->is_current()) {
    throw Error(ErrorCode::conflict,
                "the dataset was replaced by someone else meanwhile; try again",
                state.given.string());
  }
  try {
    io::swap_folders(state.fresh, state.target);
  } catch (...) {
    // Once the folders are exchanged, the sibling is the old dataset, and stays: a power cut may
    // bring it back.
    state.is_published = !state.old->is_current();
    throw;
  }
  state.is_published = true;
  if (store::remove_dataset(state.fresh)) return {};
  return {"the old dataset held files that Lance does not write; they are left in " +
          state.fresh.string()};
}

}  // namespace lancekeep
