// SPDX-License-Identifier: Apache-2.0
#include "store/gc/rewrite.h"

#include "io/waiting.h"
#include "lance/table/file_names.h"
#include "store/gc/inventory.h"
#include "store/read/store_folder.h"
#include "store/read/version_state.h"
#include "store/read/versions.h"
#include "store/save/native_save.h"
#include "store/table/model_columns.h"

#include <algorithm>

namespace lancekeep::store {
namespace {

// Bytes of the values in use in each fragment; a value that several rows share counts once.
std::vector<std::uint64_t> bytes_in_use(const SaveBase& base) {
  std::vector<std::uint64_t> bytes(base.file->manifest.fragments.size());
  std::set<std::pair<std::size_t, std::uint64_t>> seen;
  for (const TensorRow& row : base.table.rows) {
    if (!row.value || row.value->size == 0) continue;
    if (seen.emplace(row.fragment, row.value->position).second) {
      bytes[row.fragment] += row.value->size;
    }
  }
  return bytes;
}

// Fragments that use less than half of their bytes and whose files no other kept version needs.
std::set<std::size_t> mostly_dead(const SaveBase& base, const Inventory& inventory) {
  const std::vector<std::uint64_t> in_use = bytes_in_use(base);
  std::set<std::size_t> dead;
  const auto& fragments = base.file->manifest.fragments;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    std::uint64_t bytes = 0;
    bool needed = false;
    for (const lance::DataFile& file : fragments[i].files) {
      const std::string path = lance::data_path(file);
      const auto found = inventory.files.find(path);
      if (found != inventory.files.end()) bytes += found->second.size;
      needed = needed || inventory.referenced_by_older.contains(path);
    }
    if (!needed && fragments[i].deletion && in_use[i] < bytes / 2) dead.insert(i);
  }
  return dead;
}

// A clean-up accepts any Lance dataset, but only a store can be rewritten.
bool keeps_tensors(const io::Storage& storage, std::uint64_t version) {
  const lance::VersionList list = lance::list_versions(storage);
  const lance::ManifestFile file = read_resolved(storage, list, version).file;
  return layout_of(file.manifest.fields) == Layout::native;
}

SaveOptions options_of(const VersionInfo& info) {
  SaveOptions options;
  options.message = info.message.empty() || info.message == "gc" ? "gc"
                    : info.message.starts_with("gc: ")           ? info.message
                                                                 : "gc: " + info.message;
  options.metadata = info.metadata;
  options.progress = [](auto...) { io::check_interrupts(); };
  return options;
}

}  // namespace

std::optional<std::uint64_t> rewrite_mostly_dead(const std::shared_ptr<io::Storage>& storage,
                                                 const GcOptions& options, Time now) {
  SaveBase base;
  std::set<std::size_t> dead;
  {
    // Released before the new version is committed, because a commit takes the same lock.
    const auto lock = storage->lock(lance::kVersionsFolder, io::LockMode::exclusive);
    const Inventory inventory = take_inventory(*storage, options, now);
    if (!inventory.replaceable) return std::nullopt;
    if (!keeps_tensors(*storage, *inventory.replaceable)) return std::nullopt;
    base = read_base(*storage);
    if (base.version() != inventory.replaceable || base.newest != base.version())
      return std::nullopt;
    dead = mostly_dead(base, inventory);
  }
  if (dead.empty()) return std::nullopt;
  const Version latest = open_version(storage, base.version());
  const auto source = latest.source();
  const SaveOptions save = options_of(latest.info());
  NativeSave work(*storage, *source, save);
  work.know_source_is(base);
  work.abandon(dead);
  const auto published = work.attempt(base);
  if (!published) return std::nullopt;
  return published->version;
}

}  // namespace lancekeep::store
