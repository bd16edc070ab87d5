// SPDX-License-Identifier: Apache-2.0
#include "store/read/store_folder.h"

#include <lancekeep/error.h>

#include "io/local_storage.h"
#include "io/rename.h"
#include "kinds/place.h"
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

namespace {

// Whether it is worth looking again after `error`: the folder was replaced while it was opened.
// Looks a second time at a folder that is still there, too, because its entries are not listed in
// one step.
bool may_be_replaced(const io::Storage* storage, int attempt) {
  if (attempt >= kMaxLooks) return false;
  return storage == nullptr || !storage->is_current() || attempt == 1;
}

}  // namespace

std::shared_ptr<io::Storage> open_dataset(const fs::path& path) {
  for (int attempt = 1;; ++attempt) {
    require_no_file(path);
    io::finish_swap(path);
    if (!is_there(path)) {
      throw Error(ErrorCode::not_found, "there is no store: no such file or folder", path.string());
    }
    std::shared_ptr<io::Storage> storage;
    try {
      storage = io::open_local_storage(path);
      require_dataset(*storage, path);
      return storage;
    } catch (const Error&) {
      if (!may_be_replaced(storage.get(), attempt)) throw;
    }
  }
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

namespace lancekeep {

std::shared_ptr<io::Storage> Store::State::current() const {
  const std::lock_guard lock(mutex_);
  if (!storage_->is_current()) {
    is_bound_ = true;  // the caller learns of it
    store::require_current(*storage_);
  }
  return storage_;
}

std::shared_ptr<io::Storage> Store::State::newest() const {
  const std::lock_guard lock(mutex_);
  if (storage_->is_current()) return storage_;
  if (is_bound_) store::require_current(*storage_);
  storage_ = store::open_dataset(path);
  return storage_;
}

void Store::State::bind(const io::Storage& storage) const {
  const std::lock_guard lock(mutex_);
  if (storage_.get() == &storage) is_bound_ = true;
}

bool Store::State::is_settled(const io::Storage& storage, int attempt) const {
  const std::lock_guard lock(mutex_);
  if (storage.is_current()) {
    if (storage_.get() == &storage) is_bound_ = true;
    return true;
  }
  if (is_bound_ || attempt >= store::kMaxLooks) store::require_current(storage);
  return false;
}

void Store::State::require_current_if_missing(const io::Storage& storage, const Error& error) {
  if (error.code() == ErrorCode::not_found) store::require_current(storage);
}

}  // namespace lancekeep
