// SPDX-License-Identifier: Apache-2.0
#include "store/read/store_folder.h"

#include <lancekeep/error.h>

#include "lance/table/file_names.h"
#include "store/table/model_columns.h"
#include "store/table/properties.h"
#include "store/table/schema_fields.h"

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
  throw Error(
      ErrorCode::unsupported,
      "a store is a folder on this machine, but this is a URL; copy the data to a folder, or "
      "mount it",
      text);
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
              "this Lance dataset does not keep a model that this build reads: " +
                  why_no_model(manifest.fields) +
                  "; a model has name, dtype, shape and value (a blob), or name, value (a list of "
                  "numbers) and shape (a list of integers)",
              storage.full_name(lance::kVersionsFolder));
}

Layout require_model(const io::Storage& storage, const lance::ManifestFile& file) {
  const bool saved = file.transaction && file.transaction->properties.contains(kDigestKey);
  if (!saved || layout_of(file.manifest.fields)) return require_model(storage, file.manifest);
  throw Error(ErrorCode::corrupt,
              fmt::format("version {} was saved as a model, but its manifest no longer describes "
                          "one: {}",
                          file.manifest.version, why_no_model(file.manifest.fields)),
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
