// SPDX-License-Identifier: Apache-2.0
#include "store/replace/keep_permissions.h"

#include "io/local_storage.h"
#include "io/permissions.h"
#include "io/storage.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

using Entries = std::map<std::string, io::FolderEntry>;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// A file of each folder.
std::map<std::string, std::string> sample_files(const Entries& entries) {
  std::map<std::string, std::string> samples;
  for (const auto& [path, entry] : entries) {
    if (entry.is_file) samples.try_emplace(folder_of(path), path);
  }
  return samples;
}

class PermissionCopier {
 public:
  PermissionCopier(const fs::path& old, const fs::path& fresh)
      : old_(old),
        fresh_(fresh),
        before_(lance::list_lance_folders(*io::open_local_storage(old))),
        samples_(sample_files(before_)) {}

  std::vector<std::string> run() {
    // The store's own folder is last: until then nobody else can enter it.
    for (const auto& [path, entry] : lance::list_lance_folders(*io::open_local_storage(fresh_))) {
      if (entry.is_folder) copy(model_of_folder(path), path);
      if (entry.is_file) copy(model_of_file(path), path);
    }
    copy("", "");
    return {notes_.begin(), notes_.end()};
  }

 private:
  std::string model_of_folder(const std::string& path) const {
    const auto same = before_.find(path);
    return same != before_.end() && same->second.is_folder ? path : "";
  }

  // Unset if the old store has no file.
  std::optional<std::string> model_of_file(const std::string& path) const {
    auto sample = samples_.find(folder_of(path));
    if (sample == samples_.end()) sample = samples_.begin();
    if (sample == samples_.end()) return std::nullopt;
    return sample->second;
  }

  void copy(const std::optional<std::string>& model, const std::string& path) {
    if (!model) return;
    const std::string lost = io::copy_permissions(old_ / *model, fresh_ / path);
    if (!lost.empty())
      notes_.insert("of the replaced store, not all permissions are kept: " + lost);
  }

  const fs::path& old_;
  const fs::path& fresh_;
  const Entries before_;
  const std::map<std::string, std::string> samples_;
  std::set<std::string> notes_;
};

}  // namespace

std::vector<std::string> keep_permissions(const fs::path& old, const fs::path& fresh) {
  return PermissionCopier(old, fresh).run();
}

}  // namespace lancekeep::store
