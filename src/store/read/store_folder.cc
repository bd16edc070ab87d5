// SPDX-License-Identifier: Apache-2.0
#include "store/read/store_folder.h"

#include <lancekeep/error.h>

#include "kinds/place.h"
#include "lance/table/file_names.h"
#include "store/table/layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void not_a_dataset(const fs::path& path, const std::string& found) {
  const auto* kind = kinds::find_folder_kind(path);
  throw Error(
      ErrorCode::invalid_argument,
      "not a Lance dataset: " + (kind ? kinds::describe(*kind)
                                      : "expected a folder with `_versions` in it, found " + found),
      path.string());
}

}  // namespace

void require_local(const fs::path& path) {
  if (!kinds::is_url(path)) return;
  throw Error(
      ErrorCode::unsupported,
      "a store is a folder on this machine, but this is a URL; copy the data to a folder, or "
      "mount it",
      path.string());
}

void require_no_file(const fs::path& path) {
  std::error_code ignored;  // opening the store reports the error
  const fs::file_type type = fs::status(path, ignored).type();
  if (type == fs::file_type::not_found && fs::is_symlink(path, ignored)) {
    throw Error(ErrorCode::not_found, kinds::why_missing(path), path.string());
  }
  const bool is_nothing = type == fs::file_type::not_found || type == fs::file_type::none;
  if (is_nothing || type == fs::file_type::directory) return;
  throw Error(ErrorCode::invalid_argument, kinds::why_not_a_store(path), path.string());
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (error)
    throw Error(ErrorCode::io, "cannot look for a store: " + error.message(), path.string());
  return there;
}

namespace {

void require_dataset(const io::Storage& storage, const fs::path& path,
                     const std::vector<io::FolderEntry>& entries) {
  const auto versions = std::ranges::find(entries, lance::kVersionsFolder, &io::FolderEntry::name);
  if (versions != entries.end() && versions->is_folder) return;
  require_current(storage);  // a store that was replaced is being removed
  not_a_dataset(path, entries.empty()       ? "an empty folder"
                      : entries.size() == 1 ? fmt::format("only `{}`", entries.front().name)
                                            : fmt::format("`{}` and {} more", entries.front().name,
                                                          entries.size() - 1));
}

}  // namespace

void require_dataset(const io::Storage& storage, const fs::path& path) {
  require_dataset(storage, path, storage.list(""));
}

void require_dataset_or_empty(const io::Storage& storage, const fs::path& path) {
  // List the folder only once: other processes may be making or removing the store.
  const auto entries = storage.list("");
  if (!entries.empty()) require_dataset(storage, path, entries);
}

Layout require_model(const io::Storage& storage, const lance::Manifest& manifest) {
  if (const auto layout = layout_of(manifest.fields)) return *layout;
  throw Error(ErrorCode::invalid_argument,
              "this Lance dataset does not keep a model: its columns are " +
                  describe_columns(manifest.fields) +
                  "; expected name, dtype, shape and value (a blob), or name, value (a list of "
                  "numbers) and shape (a list of integers)",
              storage.full_name(lance::kVersionsFolder));
}

void require_native(const io::Storage& storage, const lance::Manifest& manifest) {
  if (require_model(storage, manifest) == Layout::native) return;
  throw Error(
      ErrorCode::unsupported,
      "this Lance dataset keeps a model as plain lists (columns " +
          describe_columns(manifest.fields) +
          "); expected the native layout (name, dtype, shape, value as a blob): import the dataset "
          "into a new store",
      storage.full_name(lance::kVersionsFolder));
}

}  // namespace lancekeep::store
