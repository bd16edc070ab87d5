// SPDX-License-Identifier: Apache-2.0
//
// Replacing a store, and what each step prevents:
//  1. Look at what is there. Anything but a store is refused and untouched. Where there is no
//     version yet, save the first, unless someone else does meanwhile.
//  2. Save version 1 into a new folder beside it, durably whatever was asked: the old store is
//     going to be deleted. A crash until here leaves it, and a folder with ".lancekeep-" in its
//     name. The new folder is locked, so that nobody takes it for one that such a crash left.
//  3. Take the exclusive lock of the old store's _versions: no save is published into a folder that
//     is about to go.
//  4. Exchange the two folders in one step, and sync their parent: readers see the old store or the
//     new.
//  5. Delete the old store, by the names that Lance writes. Whoever has its files mapped keeps
//     them.
//  6. Delete what earlier replacements that crashed have left beside the store: only what is old
//     and what nobody holds a lock on. After step 4, so that no power cut can bring back a folder
//     by the exchange that this one is built on.
#include "store/save/replace.h"

#include "io/local_storage.h"
#include "io/random_id.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/read/dataset_folder.h"
#include "store/read/store_state.h"
#include "store/save/leftovers.h"
#include "store/save/save.h"
#include "store/save/save_base.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

// `path` without links: the folder that is to be exchanged.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  if (error)
    throw Error(ErrorCode::io, "cannot follow the path: " + error.message(), path.string());
  return real;
}

}  // namespace

SaveReport replace_store(const fs::path& path, TensorSource& source, const SaveOptions& options) {
  io::finish_swap(path);
  if (!is_there(path)) (void)Store::create(path);
  const fs::path target = real_path(path);
  const auto old = io::open_local_storage(target);
  require_dataset_or_empty(*old, path);
  if (lance::list_versions(*old).entries.empty()) {
    old->make_folder(lance::kVersionsFolder);
    if (auto report = save_first(*old, source, options)) return *std::move(report);
  }
  const lance::VersionList versions = lance::list_versions(*old);
  const Layout layout = require_store(*old, read_resolved(*old, versions, {}).file.manifest);
  require_layout(*old, layout, options);

  const fs::path fresh = new_sibling(target);
  SaveReport report;
  std::unique_ptr<io::FolderLock> lock_of_fresh;
  try {
    SaveOptions durable = options;
    durable.durable = true;
    durable.layout = layout;
    Store store = Store::create(fresh);
    lock_of_fresh = io::open_local_storage(fresh)->lock("", io::LockMode::shared);
    report = store.save(source, durable);
    const auto lock = old->lock(lance::kVersionsFolder, io::LockMode::exclusive);
    if (!old->is_current()) {
      throw Error(ErrorCode::conflict,
                  "the store was replaced by someone else meanwhile; try again", path.string());
    }
    io::swap_folders(fresh, target);
  } catch (...) {
    // Once the folders are exchanged, `fresh` is the old store, and stays: a power cut may bring it
    // back.
    if (old->is_current()) remove_dataset(fresh);
    throw;
  }
  if (!remove_dataset(fresh)) {
    report.notes.push_back("the old store held files that Lance does not write; they are left in " +
                           fresh.string());
  }
  const std::size_t left = remove_leftovers(target, std::chrono::system_clock::now());
  if (left > 0) {
    report.notes.push_back(fmt::format(
        "{} that an interrupted replacement had left beside the store {} removed",
        left == 1 ? "1 folder" : fmt::format("{} folders", left), left == 1 ? "is" : "are"));
  }
  return report;
}

}  // namespace lancekeep::store

namespace lancekeep {

SaveReport Store::replace(const std::filesystem::path& path, TensorSource& source,
                          const SaveOptions& options) {
  return store::replace_store(path, source, options);
}

}  // namespace lancekeep
