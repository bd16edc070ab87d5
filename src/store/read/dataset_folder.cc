// SPDX-License-Identifier: Apache-2.0
#include "store/read/dataset_folder.h"

#include <lancekeep/error.h>

#include "lance/table/file_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void not_a_dataset(const fs::path& path, const std::string& found) {
  throw Error(ErrorCode::invalid_argument,
              "not a Lance dataset: expected a folder with `_versions` in it, found " + found,
              path.string());
}

}  // namespace

void require_local(const fs::path& path) {
  const std::string text = path.string();
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos || text.find('/') < scheme) return;
  throw Error(ErrorCode::unsupported,
              "a store lies in a folder of this machine, and this is an address; copy what is "
              "there to a folder, or mount it",
              text);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (error)
    throw Error(ErrorCode::io, "cannot look for a store: " + error.message(), path.string());
  return there;
}

void require_dataset(const io::Storage& storage, const fs::path& path) {
  const auto entries = storage.list("");
  const auto versions = std::ranges::find(entries, lance::kVersionsFolder, &io::FolderEntry::name);
  if (versions != entries.end() && versions->is_folder) return;
  not_a_dataset(path, entries.empty()       ? "an empty folder"
                      : entries.size() == 1 ? fmt::format("only `{}`", entries.front().name)
                                            : fmt::format("`{}` and {} more", entries.front().name,
                                                          entries.size() - 1));
}

void require_dataset_or_empty(const io::Storage& storage, const fs::path& path) {
  if (!storage.list("").empty()) require_dataset(storage, path);
}

void make_dataset(io::Storage& storage, const fs::path& path) {
  require_dataset_or_empty(storage, path);
  storage.make_folder(lance::kVersionsFolder);
  // Before anything else is made beside it: else a power cut could leave a folder that is not
  // empty, and does not look like a dataset either.
  if (storage.file_names(lance::kVersionsFolder).empty()) storage.sync_folder("");
}

}  // namespace lancekeep::store
