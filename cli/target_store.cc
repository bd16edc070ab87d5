// SPDX-License-Identifier: Apache-2.0
#include "cli/target_store.h"

#include <filesystem>

namespace lancekeep::cli {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;  // opening it reports the error
  return fs::exists(path, ignored);
}

bool is_empty_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) && fs::is_empty(path, ignored);
}

// Removes empty folders only.
void remove_empty_store(const fs::path& path, bool with_folder) {
  std::error_code ignored;  // a folder that is not empty stays
  for (const char* folder :
       {"_refs/tags", "_refs", "_deletions", "_transactions", "data", "_versions"})
    fs::remove(path / folder, ignored);
  if (with_folder) fs::remove(path, ignored);
}

}  // namespace

std::optional<Store> TargetStore::existing() const {
  if (!is_there(path_) || is_empty_folder(path_)) return std::nullopt;
  return Store::open(path_);
}

Store& TargetStore::open() {
  if (store_) return *store_;
  is_new_folder_ = !is_there(path_);
  is_new_store_ = is_new_folder_ || is_empty_folder(path_);
  store_.emplace(Store::create(path_));
  return *store_;
}

TargetStore::~TargetStore() {
  if (!store_ || !is_new_store_) return;
  try {
    if (store_->versions().empty()) remove_empty_store(path_, is_new_folder_);
  } catch (const Error&) {  // then it stays; opening it reports the error
  }
}

}  // namespace lancekeep::cli
