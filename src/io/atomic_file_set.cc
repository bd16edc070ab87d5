// SPDX-License-Identifier: Apache-2.0
// Committing a set, so that at no moment, and after no power cut, its last file names something
// that is not there or not whole:
//   1. All files are on the disk under temporary names: running out of space leaves all as it was.
//   2. An older last file is removed, and the folder synced: it may name files that step 3
//      replaces. A set of one file has nothing to be named, and is only renamed.
//   3. All but the last file take their names, and the folder is synced: the last one's name must
//      not reach the disk before theirs.
//   4. The last file takes its name, and the folder is synced.
//   5. What is out of use goes. Before that, an older form of the model is there as well, and
//      whole.
// Where step 3 fails, the files that have their names already are removed again.
#include "io/atomic_file_set.h"

#include <unistd.h>

#include <cerrno>

namespace lancekeep::io {

AtomicFileSet::AtomicFileSet(std::filesystem::path folder) : path_(std::move(folder)) {
  require_no_nul(path_);
  folder_ = std::make_shared<const Descriptor>(open_folder(path_.empty() ? "." : path_));
}

AtomicFile& AtomicFileSet::add(const std::string& name) {
  if (!files_.empty()) files_.back().file->finish();
  files_.push_back({name, std::unique_ptr<AtomicFile>(new AtomicFile(folder_, path_ / name))});
  return *files_.back().file;
}

void AtomicFileSet::commit(const std::vector<std::string>& outdated) {
  if (files_.empty()) throw Error(ErrorCode::invalid_argument, "a set without files", path_);
  files_.back().file->finish();
  if (files_.size() > 1) {
    remove_if_there(files_.back().name);
    sync_folder();
    rename_all_but_last();
  }
  files_.back().file->rename();
  sync_folder();
  if (outdated.empty()) return;
  for (const std::string& name : outdated) {
    const auto status = std::filesystem::symlink_status(path_ / name);
    if (!std::filesystem::is_directory(status)) remove_if_there(name);  // a folder is no older form
  }
  sync_folder();
}

void AtomicFileSet::rename_all_but_last() {
  std::size_t done = 0;
  try {
    for (; done + 1 < files_.size(); ++done) files_[done].file->rename();
    sync_folder();
  } catch (const Error&) {
    while (done > 0) (void)::unlinkat(folder_->get(), files_[--done].name.c_str(), 0);
    throw;
  }
}

void AtomicFileSet::remove_if_there(const std::string& name) {
  if (::unlinkat(folder_->get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
  throw_system_error(errno, "remove the older file", (path_ / name).string());
}

void AtomicFileSet::sync_folder() { sync_folder_at(folder_->get(), ".", path_.string()); }

}  // namespace lancekeep::io
