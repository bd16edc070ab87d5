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

#include <algorithm>
#include <string_view>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

constexpr std::chrono::hours kStaleAge(7 * 24);
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
  for (const auto& [path, entry] : entries) {
    if (entry.is_folder && lance::is_sidecar_folder(path)) try_remove(storage, path);
  }
  for (const std::string folder : lance::kLanceFolders) {
    const auto found = entries.find(folder);
    if (found != entries.end() && found->second.is_folder) try_remove(storage, folder);
  }
}

// Throws if something in the folder cannot be examined.
Time last_written(const io::Storage& parent, const io::FolderEntry& folder) {
  Time latest = folder.modified;
  for (const auto& [path, entry] : io::walk_folder(parent, folder.name, kMaxDepth)) {
    latest = std::max(latest, entry.modified);
  }
  return latest;
}

// A running replacement holds a lock on its new folder.
bool remove_if_unused(const fs::path& folder) {
  const io::Descriptor descriptor(
      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!descriptor.is_open()) return false;
  const auto lock = io::lock_to_remove(descriptor.get(), folder.string());
  return lock && remove_dataset(folder);
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

std::size_t remove_stale_siblings(const fs::path& store, Time now) {
  const std::string prefix = sibling_prefix(store);
  std::size_t removed = 0;
  try {
    const auto parent = io::open_local_storage(store.parent_path());
    for (const io::FolderEntry& entry : parent->list("")) {
      if (!entry.is_folder || !is_sibling_name(entry.name, prefix)) continue;
      if (last_written(*parent, entry) > now - kStaleAge) continue;
      if (remove_if_unused(store.parent_path() / entry.name)) ++removed;
    }
  } catch (const Error&) {  // the next replacement tries again
  }
  return removed;
}

}  // namespace lancekeep::store
