// SPDX-License-Identifier: Apache-2.0
// What a store takes on the disk: every file once, by what it is good for. No lock is taken: beside
// a save or a clean-up the figures may be of a moment between the two.
#include "io/folder_walk.h"
#include "lance/table/file_names.h"
#include "store/gc/version_files.h"
#include "store/read/store_state.h"

#include <fmt/format.h>

#include <optional>
#include <set>

namespace lancekeep::store {
namespace {

using lance::FileKind;

constexpr std::size_t kMaxDepth = 64;

// Who names a file: one version, or several.
struct Namer {
  std::size_t version = 0;  // in DiskUsage::versions
  bool is_only_one = true;
};
using Namers = std::map<std::string, Namer>;

void name_files(const std::vector<std::string>& names, std::size_t version, Namers& namers) {
  for (const std::string& name : names) {
    const auto [it, is_new] = namers.try_emplace(name, Namer{version});
    if (!is_new && it->second.version != version) it->second = {version, false};
  }
}

// What lies in Lance's own folders and is not looked into: indices, managed blobs, branches.
bool is_kept_apart(const std::string& path) {
  return path.starts_with("_indices/") || path.starts_with("_blobs/") || path.starts_with("tree/");
}

bool is_bookkeeping(const std::string& path, std::optional<FileKind> kind) {
  return kind == FileKind::tag || kind == FileKind::branch || kind == FileKind::version_hint ||
         kind == FileKind::detached || is_kept_apart(path);
}

// Sizes by the name that a manifest would use: a data file's blobs are its own.
std::map<std::string, std::uint64_t> sizes_by_name(const Files& files) {
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& [path, entry] : files) {
    if (!entry.is_file) continue;
    const bool is_sidecar = lance::kind_of_file(path) == FileKind::sidecar;
    sizes[is_sidecar ? lance::owner_of_sidecar(path) : path] += entry.size;
  }
  return sizes;
}

class Census {
 public:
  explicit Census(const io::Storage& storage) : storage_(storage) {}

  DiskUsage take() {
    const Files files = io::walk_folder(storage_, "", kMaxDepth, [this](const Error& error) {
      usage_.notes.push_back(fmt::format("not counted: {}", error.what()));
    });
    const auto sizes = sizes_by_name(files);
    for (const auto& entry : lance::list_versions(storage_).entries) count_version(entry, sizes);
    for (const auto& [name, namer] : namers_) {
      const auto size = sizes.find(name);
      if (namer.is_only_one && size != sizes.end()) {
        usage_.versions[namer.version].exclusive += size->second;
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
      const std::vector<std::string> names = read_version_files(storage_, entry).names;
      for (const std::string& name : std::set(names.begin(), names.end())) {
        if (const auto size = sizes.find(name); size != sizes.end()) version.bytes += size->second;
      }
      name_files(names, usage_.versions.size(), namers_);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::not_found) return;  // a clean-up was faster
      usage_.notes.push_back(
          fmt::format("version {} cannot be read, and counts as if it named no file: {}",
                      entry.version, error.what()));
    }
    usage_.versions.push_back(version);
  }

  void count_file(const std::string& name, std::uint64_t size) {
    usage_.bytes += size;
    const bool is_named = namers_.contains(name);
    if (is_named && name.starts_with("data/")) {
      usage_.values += size;
    } else if (is_named || is_bookkeeping(name, lance::kind_of_file(name))) {
      usage_.bookkeeping += size;
    } else {
      usage_.unreachable += size;
    }
  }

  const io::Storage& storage_;
  DiskUsage usage_;
  Namers namers_;
};

}  // namespace

}  // namespace lancekeep::store

namespace lancekeep {

DiskUsage Store::disk_usage() const { return store::Census(*state_->storage).take(); }

}  // namespace lancekeep
