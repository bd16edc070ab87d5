// SPDX-License-Identifier: Apache-2.0
// How much disk space a store takes: every file counts once, by its use. No lock is taken, so
// during a save or a clean-up the result can mix the state before with the state after.
#include "io/storage.h"
#include "lance/table/file_names.h"
#include "store/gc/inventory.h"
#include "store/read/file_check.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/replace/stale_siblings.h"
#include "store/save/referenced_files.h"

#include <fmt/format.h>

#include <optional>
#include <set>

namespace lancekeep::store {
namespace {

using lance::FileKind;

constexpr std::size_t kMaxDepth = 64;

// Which versions refer to a file: one of them, or several.
struct Referrer {
  std::size_t version = 0;  // index in DiskUsage::versions
  bool is_only_one = true;
};
using Referrers = std::map<std::string, Referrer>;

void add_references(const std::vector<std::string>& names, std::size_t version,
                    Referrers& referrers) {
  for (const std::string& name : names) {
    const auto [it, is_new] = referrers.try_emplace(name, Referrer{version});
    if (!is_new && it->second.version != version) it->second = {version, false};
  }
}

// Lance's own folders that are not looked into: managed blobs, branches.
bool is_kept_apart(const std::string& path) {
  return path.starts_with("_blobs/") || path.starts_with("tree/");
}

bool is_bookkeeping(const std::string& path, std::optional<FileKind> kind) {
  return kind == FileKind::tag || kind == FileKind::branch || kind == FileKind::version_hint ||
         kind == FileKind::detached || is_kept_apart(path);
}

// File sizes by the path that a manifest uses: blobs count as part of their data file, and the
// files of an index as its folder.
std::map<std::string, std::uint64_t> sizes_by_name(const Files& files) {
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& [path, entry] : files) {
    if (!entry.is_file) continue;
    const bool is_sidecar = lance::kind_of_file(path) == FileKind::sidecar;
    const auto index = lance::index_folder_of(path);
    sizes[index ? *index : is_sidecar ? lance::owner_of_sidecar(path) : path] += entry.size;
  }
  return sizes;
}

class DiskUsageCounter {
 public:
  explicit DiskUsageCounter(const io::Storage& storage) : storage_(storage), check_(storage) {}

  DiskUsage take() {
    const Files files = io::walk_folder(storage_, "", kMaxDepth, [this](const Error& error) {
      usage_.notes.push_back(fmt::format("not counted: {}", error.what()));
    });
    const auto sizes = sizes_by_name(files);
    for (const auto& entry : lance::list_versions(storage_).entries) count_version(entry, sizes);
    for (const auto& [name, referrer] : referrers_) {
      const auto size = sizes.find(name);
      if (referrer.is_only_one && size != sizes.end()) {
        usage_.versions[referrer.version].exclusive += size->second;
      }
    }
    for (const auto& [name, size] : sizes) count_file(name, size);
    return std::move(usage_);
  }

 private:
  void count_version(const lance::VersionEntry& entry,
                     const std::map<std::string, std::uint64_t>& sizes) {
    DiskUsage::OfVersion version{.number = entry.version};
    try {
      const ReferencedFiles referenced = read_referenced_files(storage_, entry);
      std::vector<std::string> names = referenced.names;
      names.insert(names.end(), referenced.indices.begin(), referenced.indices.end());
      for (const std::string& name : std::set(names.begin(), names.end())) {
        if (const auto size = sizes.find(name); size != sizes.end()) version.bytes += size->second;
      }
      add_references(names, usage_.versions.size(), referrers_);
      note_damage(entry, referenced.manifest);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::not_found) return;  // removed by a clean-up meanwhile
      usage_.notes.push_back(
          fmt::format("version {} cannot be read, and is counted without files: {}", entry.version,
                      error.what()));
    }
    usage_.versions.push_back(version);
  }

  // The same look as in Store::versions().
  void note_damage(const lance::VersionEntry& entry, const lance::Manifest& manifest) {
    const std::optional<Error> damage = check_.find_damage(manifest);
    if (!damage || !storage_.exists(entry.path)) return;
    usage_.notes.push_back(
        fmt::format("version {} cannot be loaded: {}", entry.version, damage->what()));
  }

  void count_file(const std::string& name, std::uint64_t size) {
    usage_.bytes += size;
    const bool is_referenced = referrers_.contains(name);
    if (is_referenced && name.starts_with("data/")) {
      usage_.values += size;
    } else if (is_referenced || is_bookkeeping(name, lance::kind_of_file(name))) {
      usage_.bookkeeping += size;
    } else {
      usage_.unreachable += size;
    }
  }

  const io::Storage& storage_;
  FileCheck check_;
  DiskUsage usage_;
  Referrers referrers_;
};

void add_siblings(const std::filesystem::path& path, DiskUsage& usage) {
  for (const Sibling& sibling : find_siblings(path)) {
    usage.beside += sibling.bytes;
    usage.notes.push_back(fmt::format(
        "{} beside the store has {} bytes: {}", sibling.path.filename().string(), sibling.bytes,
        sibling.is_in_use ? "a running replacement uses it"
                          : "a killed replacement left it, and the next gc removes it"));
  }
}

}  // namespace

}  // namespace lancekeep::store

namespace lancekeep {

DiskUsage Store::disk_usage() const {
  return state_->answer([&](const std::shared_ptr<io::Storage>& storage) {
    DiskUsage usage = store::DiskUsageCounter(*storage).take();
    store::add_siblings(state_->path, usage);
    return usage;
  });
}

}  // namespace lancekeep
