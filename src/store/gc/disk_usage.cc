// SPDX-License-Identifier: Apache-2.0
// How much disk space a store takes: every file counts once, by its use. No lock is taken, so
// during a save or a clean-up the result can mix the state before with the state after.
#include "io/storage.h"
#include "lance/table/file_names.h"
#include "store/gc/inventory.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
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

// Lance's own folders that are not looked into: indices, managed blobs, branches.
bool is_kept_apart(const std::string& path) {
  return path.starts_with("_indices/") || path.starts_with("_blobs/") || path.starts_with("tree/");
}

bool is_bookkeeping(const std::string& path, std::optional<FileKind> kind) {
  return kind == FileKind::tag || kind == FileKind::branch || kind == FileKind::version_hint ||
         kind == FileKind::detached || is_kept_apart(path);
}

// File sizes by the path that a manifest uses: blobs count as part of their data file.
std::map<std::string, std::uint64_t> sizes_by_name(const Files& files) {
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& [path, entry] : files) {
    if (!entry.is_file) continue;
    const bool is_sidecar = lance::kind_of_file(path) == FileKind::sidecar;
    sizes[is_sidecar ? lance::owner_of_sidecar(path) : path] += entry.size;
  }
  return sizes;
}

class DiskUsageCounter {
 public:
  explicit DiskUsageCounter(const io::Storage& storage) : storage_(storage) {}

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
      const std::vector<std::string> names = read_referenced_files(storage_, entry).names;
      for (const std::string& name : std::set(names.begin(), names.end())) {
        if (const auto size = sizes.find(name); size != sizes.end()) version.bytes += size->second;
      }
      add_references(names, usage_.versions.size(), referrers_);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::not_found) return;  // removed by a clean-up meanwhile
      usage_.notes.push_back(
          fmt::format("version {} cannot be read, and is counted without files: {}", entry.version,
                      error.what()));
    }
    usage_.versions.push_back(version);
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
  DiskUsage usage_;
  Referrers referrers_;
};

}  // namespace

}  // namespace lancekeep::store

namespace lancekeep {

DiskUsage Store::disk_usage() const { return store::DiskUsageCounter(*state_->storage).take(); }

}  // namespace lancekeep
