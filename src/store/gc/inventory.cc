// SPDX-License-Identifier: Apache-2.0
#include "store/gc/inventory.h"

#include "lance/table/file_names.h"
#include "store/gc/preconditions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

using TagsByVersion = std::map<std::uint64_t, std::vector<std::string>>;

// Whether the manifest is torn; unset if it no longer exists.
std::optional<bool> is_torn_if_there(const io::Storage& storage, const lance::VersionEntry& entry) {
  try {
    return lance::is_torn(storage, entry);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    return std::nullopt;
  }
}

// Returns the versions that are not torn, oldest first; the torn manifests go into the inventory.
std::vector<lance::VersionEntry> separate_torn(const io::Storage& storage,
                                               const TagsByVersion& tags, Inventory& inventory) {
  std::vector<lance::VersionEntry> whole;
  for (const lance::VersionEntry& entry : lance::list_versions(storage).entries) {
    const std::optional<bool> torn = is_torn_if_there(storage, entry);
    if (!torn) continue;
    if (!*torn) {
      whole.push_back(entry);
      continue;
    }
    const auto tagged = tags.find(entry.version);
    if (tagged != tags.end()) reject_tagged_torn(storage, entry, tagged->second);
    inventory.torn.insert(entry.path);
  }
  if (whole.empty() && !inventory.torn.empty()) reject_all_torn(storage);
  return whole;
}

Time time_of(const lance::Manifest& manifest) {
  return Time(std::chrono::seconds(manifest.seconds) + std::chrono::nanoseconds(manifest.nanos));
}

bool is_file(const Files& files, const std::string& path) {
  const auto found = files.find(path);
  return found != files.end() && found->second.is_file;
}

void note_lost_tags(const TagsByVersion& tags, const std::vector<lance::VersionEntry>& versions,
                    Inventory& inventory) {
  for (const auto& [version, names] : tags) {
    if (std::ranges::find(versions, version, &lance::VersionEntry::version) != versions.end()) {
      continue;
    }
    inventory.notes.push_back(fmt::format("version {} does not exist, but is tagged: {}", version,
                                          fmt::join(names, ", ")));
  }
}

// pylance's clean-up takes no lock: a version whose manifest is gone by now needs no files.
void require_whole_if_there(const io::Storage& storage, const lance::VersionEntry& entry,
                            const lance::Manifest& manifest, const TagsByVersion& tags,
                            bool is_latest, FileCheck& check) {
  KeptVersion kept{.number = entry.version, .is_latest = is_latest};
  if (const auto found = tags.find(entry.version); found != tags.end()) kept.tags = found->second;
  try {
    require_whole(check, kept, manifest);
  } catch (const Error&) {
    if (storage.exists(entry.path)) throw;
  }
}

using lance::FileKind;

enum class FileState { referenced, released, unreferenced };

// The path that a manifest uses for the file.
std::string referenced_as(const std::string& path, std::optional<FileKind> kind) {
  if (kind == FileKind::index) return *lance::index_folder_of(path);
  return kind == FileKind::sidecar ? lance::owner_of_sidecar(path) : path;
}

FileState state_of(const Inventory& inventory, const std::string& name) {
  if (inventory.referenced.contains(name)) return FileState::referenced;
  return inventory.expired_files.contains(name) ? FileState::released : FileState::unreferenced;
}

// A data file that a manifest names can have any name; other unknown files in data/ are kept.
bool may_be_released(const std::string& path, std::optional<FileKind> kind) {
  return kind.has_value() || path.ends_with(".lance");
}

bool may_be_orphan(const Inventory& inventory, const std::string& path, FileKind kind) {
  switch (kind) {
    case FileKind::data:
    case FileKind::sidecar:
    case FileKind::deletion:
    case FileKind::transaction:
    case FileKind::index:
    case FileKind::temporary:
      return true;
    case FileKind::manifest:
      return inventory.torn.contains(path);
    case FileKind::detached:
    case FileKind::version_hint:
    case FileKind::tag:
    case FileKind::branch:
      return false;
  }
  return false;
}

// A blob counts as at most as old as the data file beside it, and a file of an index as its folder:
// both were written together.
Time last_written(const Inventory& inventory, const std::string& path, const std::string& name) {
  const Time own = inventory.files.at(path).modified;
  const auto owner = inventory.files.find(name);
  return owner == inventory.files.end() ? own : std::max(own, owner->second.modified);
}

// Whether `path` is a folder data/<stem> or _indices/<uuid> that can be removed. It can if only
// expired versions refer to the data file <stem>.lance, or to the index. If no version does, the
// folder must be as old as an unreferenced file must be, because someone may be about to put a file
// into it.
bool is_left_folder(const Inventory& inventory, const std::string& path, const GcOptions& options,
                    Time now) {
  const auto index = lance::index_folder_of(path);
  if (!index && !lance::is_sidecar_folder(path)) return false;
  const FileState state = state_of(inventory, index ? *index : path + ".lance");
  if (state != FileState::unreferenced) return state == FileState::released;
  return is_at_least(inventory.files.at(path).modified, options.orphans_older_than, now);
}

}  // namespace

Inventory take_inventory(const io::Storage& storage, const GcOptions& options, Time now) {
  // List the files first: what a writer without locks commits meanwhile is then either referenced
  // by a manifest that is read below, or not listed at all.
  Inventory inventory{.files = lance::list_lance_folders(storage)};
  require_only_listed_versions(storage, inventory.files);
  const TagsByVersion tags = read_all_tags(storage);
  const std::vector<lance::VersionEntry> versions = separate_torn(storage, tags, inventory);
  note_lost_tags(tags, versions, inventory);

  FileCheck check(storage);
  std::uint64_t newer = versions.size();
  for (const lance::VersionEntry& entry : versions) {
    --newer;
    const auto version = require_readable(storage, entry);
    if (!version) continue;
    const auto add_files_to = [&](std::set<std::string>& files) {
      files.insert(version->names.begin(), version->names.end());
      files.insert(version->indices.begin(), version->indices.end());
    };
    const VersionAge age{newer, time_of(version->manifest), tags.contains(entry.version)};
    if (is_file(inventory.files, entry.path) && is_expired(age, options, now)) {
      inventory.expired.push_back(entry);
      add_files_to(inventory.expired_files);
      continue;
    }
    require_known(storage, entry, version->manifest);
    for (const std::string& name : version->names) require_no_link(storage, name, inventory.files);
    require_whole_if_there(storage, entry, version->manifest, tags, newer == 0, check);
    add_files_to(inventory.referenced);
    if (newer > 0) {
      add_files_to(inventory.referenced_by_older);
    } else if (is_expired({1, age.time, age.has_tag}, options, now)) {
      inventory.replaceable = entry.version;
    }
    if (!version->is_synced) {
      inventory.unsynced.insert(version->names.begin(), version->names.end());
    }
  }
  return inventory;
}

Plan plan_removal(const Inventory& inventory, const GcOptions& options, Time now) {
  Plan plan;
  for (const lance::VersionEntry& entry : inventory.expired) plan.manifests.push_back(entry.path);
  const std::set<std::string> manifests(plan.manifests.begin(), plan.manifests.end());
  for (const auto& [path, entry] : inventory.files) {
    if (entry.is_folder) {
      if (is_left_folder(inventory, path, options, now)) plan.folders.push_back(path);
      continue;
    }
    const auto kind = lance::kind_of_file(path);
    const std::string name = referenced_as(path, kind);
    const FileState state = state_of(inventory, name);
    if (state == FileState::referenced || manifests.contains(path)) continue;
    if (entry.is_file && state == FileState::released && may_be_released(path, kind)) {
      plan.released.push_back(path);
    } else if (!entry.is_file || !kind) {
      ++plan.foreign;
    } else if (may_be_orphan(inventory, path, *kind)) {
      const bool old =
          is_at_least(last_written(inventory, path, name), options.orphans_older_than, now);
      (old ? plan.orphans : plan.young).push_back(path);
    }
  }
  return plan;
}

}  // namespace lancekeep::store
