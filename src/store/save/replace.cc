// SPDX-License-Identifier: Apache-2.0
//
// Replacing a store, and what each step prevents:
//  1. Look at what is there. Anything but a store is refused and untouched.
//  2. Save version 1 into a new folder beside it, durably whatever was asked: the old store is
//  going to
//     be deleted. A crash until here leaves it, and a folder with ".lancekeep-" in its name.
//  3. Take the exclusive lock of the old store's _versions: no save is published into a folder that
//  is
//     about to go.
//  4. Exchange the two folders in one step, and sync their parent: readers see the old store or the
//  new.
//  5. Delete the old store, by the names that Lance writes. Whoever has its files mapped keeps
//  them.
#include "store/save/replace.h"

#include "io/local_storage.h"
#include "io/random_id.h"
#include "lance/table/dataset.h"
#include "store/read/dataset_folder.h"
#include "store/read/store_state.h"
#include "store/save/save.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

struct LanceFolder {
  std::string_view path;
  std::array<std::string_view, 3> endings;  // of files that Lance writes into it
};

// Children before their parents, so that a parent is empty when its turn comes.
constexpr LanceFolder kLanceFolders[] = {
    {"data", {".lance", ".tmp", ".blob"}},
    {"_versions", {".manifest", ".tmp", "latest_version_hint.json"}},
    {"_transactions", {".txn", ".tmp", ".txn"}},
    {"_deletions", {".arrow", ".bin", ".tmp"}},
    {"_refs/tags", {".json", ".tmp", ".json"}},
    {"_refs/branches", {".json", ".tmp", ".json"}},
    {"_refs", {".json", ".tmp", ".json"}},
};

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() == fs::file_type::directory;
}

// Whether every part of `path` below `top` is a folder, and none of them a link to one.
bool is_folder_below(const fs::path& top, const fs::path& path) {
  fs::path folder = top;
  return std::ranges::all_of(path, [&](const fs::path& part) { return is_folder(folder /= part); });
}

void remove_files(const fs::path& top, const LanceFolder& kind) {
  if (!is_folder_below(top, kind.path)) return;
  const fs::path folder = top / kind.path;
  std::error_code error;
  std::vector<fs::path> ours;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool by_name = std::ranges::any_of(
        kind.endings, [&](std::string_view ending) { return name.ends_with(ending); });
    std::error_code ignored;
    const bool file = it->symlink_status(ignored).type() == fs::file_type::regular;
    if (by_name && file) ours.push_back(it->path());
  }
  for (const fs::path& file : ours) fs::remove(file, error);
  fs::remove(folder, error);  // stays where it is not empty
}

// `path` without links: the folder that is to be exchanged.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  if (error)
    throw Error(ErrorCode::io, "cannot follow the path: " + error.message(), path.string());
  return real;
}

// A name beside `path` that nothing else has.
fs::path sibling_of(const fs::path& path) {
  return path.parent_path() /
         fmt::format(".{}.lancekeep-{:016x}", path.filename().string(), io::random_u64());
}

}  // namespace

bool remove_dataset(const fs::path& folder) {
  if (!is_folder(folder)) return false;
  for (const LanceFolder& kind : kLanceFolders) remove_files(folder, kind);
  std::error_code ignored;
  fs::remove(folder, ignored);
  return !fs::exists(fs::symlink_status(folder, ignored));
}

SaveReport replace_store(const fs::path& path, TensorSource& source, const SaveOptions& options) {
  io::finish_swap(path);
  if (!is_there(path)) return Store::create(path).save(source, options);
  const fs::path target = real_path(path);
  const auto old = io::open_local_storage(target);
  require_dataset_or_empty(*old, path);
  const lance::VersionList versions = lance::list_versions(*old);
  if (versions.entries.empty()) return Store::create(target).save(source, options);
  require_native(*old, lance::read_manifest(*old, versions.entries.back()).manifest);

  const fs::path fresh = sibling_of(target);
  SaveReport report;
  try {
    SaveOptions durable = options;
    durable.durable = true;
    report = Store::create(fresh).save(source, durable);
    const auto lock = old->lock("_versions", io::LockMode::exclusive);
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
  return report;
}

}  // namespace lancekeep::store

namespace lancekeep {

SaveReport Store::replace(const std::filesystem::path& path, TensorSource& source,
                          const SaveOptions& options) {
  return store::replace_store(path, source, options);
}

}  // namespace lancekeep
