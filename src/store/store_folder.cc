// SPDX-License-Identifier: Apache-2.0
//
// Replacing a store, and what each step prevents:
//  1. Look at what is there. Anything but a store is refused and untouched.
//  2. Save version 1 into a new folder beside it, durably: a crash until here leaves the old store,
//  and a
//     folder with ".lancekeep-" in its name.
//  3. Take the exclusive lock of the old store's _versions: no save is published into a folder that
//  is about
//     to go.
//  4. Exchange the two folders in one step, and sync their parent: readers see the old store or the
//  new one.
//  5. Delete the old store, by the names that Lance writes. Whoever has its files mapped keeps
//  them.
#include "store/store_folder.h"

#include "io/local_storage.h"
#include "lance/file/data_file_name.h"
#include "lance/table/dataset.h"
#include "store/store_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

[[noreturn]] void not_a_dataset(const fs::path& path, const std::string& found) {
  throw Error(ErrorCode::invalid_argument,
              "not a Lance dataset: expected a folder with `_versions` in it, found " + found,
              path.string());
}

void remove_files(const fs::path& folder, const LanceFolder& kind) {
  std::error_code ignored;
  if (fs::symlink_status(folder, ignored).type() != fs::file_type::directory) return;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool ours = std::ranges::any_of(
        kind.endings, [&](std::string_view end) { return name.ends_with(end); });
    if (ours && entry.symlink_status().type() == fs::file_type::regular)
      fs::remove(entry.path(), ignored);
  }
  fs::remove(folder, ignored);  // stays where it is not empty
}

// A name beside `path` that nothing else has.
fs::path sibling_of(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.lancekeep-{}", path.filename().string(),
                                          lance::new_data_file_name().substr(24, 12));
}

}  // namespace

void require_dataset(const io::Storage& storage, const fs::path& path) {
  const auto entries = storage.list("");
  const auto versions = std::ranges::find(entries, "_versions", &io::FolderEntry::name);
  if (versions != entries.end() && versions->is_folder) return;
  not_a_dataset(path, entries.empty() ? "an empty folder"
                                      : fmt::format("`{}` and {} more", entries.front().name,
                                                    entries.size() - 1));
}

void require_dataset_or_empty(const io::Storage& storage, const fs::path& path) {
  if (!storage.list("").empty()) require_dataset(storage, path);
}

bool remove_dataset(const fs::path& folder) {
  for (const LanceFolder& kind : kLanceFolders) remove_files(folder / kind.path, kind);
  std::error_code ignored;
  fs::remove(folder, ignored);
  return !fs::exists(fs::symlink_status(folder, ignored));
}

SaveReport replace_store(const fs::path& path, TensorSource& source, const SaveOptions& options) {
  io::finish_swap(path);
  if (!fs::exists(path)) return Store::create(path).save(source, options);
  const fs::path target = fs::canonical(path);
  const auto old = io::open_local_storage(target);
  require_dataset_or_empty(*old, path);
  const lance::VersionList versions = lance::list_versions(*old);
  if (versions.entries.empty()) return Store::create(target).save(source, options);
  require_native(*old, lance::read_manifest(*old, versions.entries.back()).manifest);

  const fs::path fresh = sibling_of(target);
  SaveReport report;
  try {
    report = Store::create(fresh).save(source, options);
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
