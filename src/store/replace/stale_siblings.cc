// SPDX-License-Identifier: Apache-2.0
#include "store/replace/stale_siblings.h"

#include "io/descriptor.h"
#include "io/file_lock.h"
#include "io/local_storage.h"
#include "io/random_id.h"
#include "io/storage.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <string_view>
#include <system_error>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kRandomDigits = 16;
constexpr std::size_t kMaxDepth = 64;

std::string sibling_prefix(const fs::path& store) {
  return fmt::format(".{}.lancekeep-", store.filename().string());
}

bool is_sibling_name(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return name.size() == kRandomDigits &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// If this fails, removing the folder fails too, and the caller sees that.
void try_remove(io::Storage& storage, const std::string& path) {
  try {
    storage.remove(path);
  } catch (const Error&) {
  }
}

void remove_known_files(io::Storage& storage) {
  const auto entries = lance::list_lance_folders(storage);
  for (const auto& [path, entry] : entries) {
    if (entry.is_file && lance::kind_of_file(path)) try_remove(storage, path);
  }
  // Folders of blobs and indices; those within a folder before it.
  for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
    const auto& [path, entry] = *it;
    const bool is_known = lance::is_sidecar_folder(path) || lance::index_folder_of(path);
    if (entry.is_folder && is_known) try_remove(storage, path);
  }
  for (const std::string folder : lance::kLanceFolders) {
    const auto found = entries.find(folder);
    if (found != entries.end() && found->second.is_folder) try_remove(storage, folder);
  }
}

// A running replacement holds a lock on its new folder, and on the old one until the exchange is on
// the disk. The lock that is taken here keeps nobody from anything: it is released at once.
bool is_locked(const fs::path& folder) {
  const io::Descriptor descriptor(
      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return !descriptor.is_open() || !io::lock_to_remove(descriptor.get(), folder.string());
}

Sibling examine(const io::Storage& parent, const fs::path& path) {
  Sibling sibling{.path = path};
  try {
    const std::string name = path.filename().string();
    for (const auto& [ignored, entry] : io::walk_folder(parent, name, kMaxDepth)) {
      if (entry.is_folder) continue;
      ++sibling.files;
      sibling.bytes += entry.size;
    }
    sibling.is_in_use = is_locked(path);
  } catch (const Error&) {  // of somebody else, or just removed
    sibling.is_in_use = true;
  }
  return sibling;
}

fs::path place_of(const fs::path& store) {
  std::error_code error;
  fs::path place = fs::canonical(store, error);
  if (error) place = fs::absolute(store, error);
  return place.has_filename() ? place : place.parent_path();
}

// Locked while it is removed, so that a replacement that is just making it waits, and then finds
// that it is gone.
bool remove_if_unused(const fs::path& folder) {
  const io::Descriptor descriptor(
      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!descriptor.is_open()) return false;
  const auto lock = io::lock_to_remove(descriptor.get(), folder.string());
  return lock && remove_dataset(folder);
}

// Another process may have taken the exchange of folders only to the kernel's memory: the removal
// must not reach the disk before it.
void sync_parent(const fs::path& folder) {
  io::open_local_storage(folder.parent_path())->sync_folder("");
}

}  // namespace

fs::path new_sibling(const fs::path& store) {
  return store.parent_path() / fmt::format("{}{:016x}", sibling_prefix(store), io::random_u64());
}

bool remove_dataset(const fs::path& folder) {
  std::error_code ignored;
  if (fs::symlink_status(folder, ignored).type() != fs::file_type::directory) return false;
  try {
    remove_known_files(*io::open_local_storage(folder));
  } catch (const Error&) {  // reported below: the folder still exists
  }
  fs::remove(folder, ignored);
  return !fs::exists(fs::symlink_status(folder, ignored));
}

bool holds_foreign_files(const fs::path& folder) {
  try {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(folder, ignored))) return false;
    const auto storage = io::open_local_storage(folder);
    for (const auto& [path, entry] : io::walk_folder(*storage, "", kMaxDepth)) {
      if (!entry.is_folder && !(entry.is_file && lance::kind_of_file(path))) return true;
    }
    return false;
  } catch (const Error& error) {
    return error.code() != ErrorCode::not_found;
  }
}

std::vector<Sibling> find_siblings(const fs::path& store) {
  const fs::path place = place_of(store);
  const std::string prefix = sibling_prefix(place);
  std::vector<Sibling> siblings;
  try {
    const auto parent = io::open_local_storage(place.parent_path());
    for (const io::FolderEntry& entry : parent->list("")) {
      if (!entry.is_folder || !is_sibling_name(entry.name, prefix)) continue;
      siblings.push_back(examine(*parent, place.parent_path() / entry.name));
    }
  } catch (const Error&) {  // a parent that may not be listed
  }
  return siblings;
}

RemovedSiblings remove_stale_siblings(const fs::path& store, bool dry_run) {
  RemovedSiblings removed;
  for (const Sibling& sibling : find_siblings(store)) {
    if (sibling.is_in_use) continue;
    try {
      if (!dry_run) sync_parent(sibling.path);
      if (!dry_run && !remove_if_unused(sibling.path)) continue;
    } catch (const Error&) {  // the next replacement or clean-up tries again
      continue;
    }
    ++removed.folders;
    removed.files += sibling.files;
    removed.bytes += sibling.bytes;
  }
  return removed;
}

}  // namespace lancekeep::store
