// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.h"

#include "io/file_writer.h"
#include "io/random_id.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace lancekeep::io {
namespace {

std::shared_ptr<const Descriptor> open_folder_of(const std::filesystem::path& path) {
  require_no_nul(path);
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  return std::make_shared<const Descriptor>(open_folder(parent));
}

// The permissions of the file that will be replaced; 0 if no file exists.
mode_t replaced_permissions(int folder, const std::string& last, const std::string& name) {
  struct stat status = {};
  if (::fstatat(folder, last.c_str(), &status, 0) != 0) {
    if (errno == ENOENT) return 0;
    throw_system_error(errno, "examine", name);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::invalid_argument,
                S_ISDIR(status.st_mode) ? "expected the name of a file, found a folder"
                                        : "expected the name of a file, found a device or pipe",
                name);
  }
  return status.st_mode & 0777;
}

}  // namespace

struct AtomicFile::State {
  std::shared_ptr<const Descriptor> folder;
  std::string last;
  std::string name;
  std::string temporary;
  std::unique_ptr<FileWriter> writer;
  bool is_committed = false;

  void create();
};

void AtomicFile::State::create() {
  const mode_t permissions = replaced_permissions(folder->get(), last, name);
  Descriptor file;
  while (!file.is_open()) {
    // Not derived from the final name, which may have the maximum length.
    temporary = fmt::format(".lancekeep-{:016x}.tmp", random_u64());
    file = Descriptor(retry_interrupted([&] {
      return ::openat(folder->get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                      permissions == 0 ? 0666 : 0600);
    }));
    if (!file.is_open() && errno != EEXIST) throw_system_error(errno, "create", name);
  }
  // Best effort: not every file system has permissions.
  if (permissions != 0) (void)::fchmod(file.get(), permissions);
  writer = std::make_unique<FileWriter>(std::move(file), name);
}

AtomicFile::AtomicFile(const std::filesystem::path& path)
    : AtomicFile(open_folder_of(path), path) {}

AtomicFile::AtomicFile(std::shared_ptr<const Descriptor> folder, const std::filesystem::path& path)
    : state_(std::make_unique<State>()) {
  state_->name = path.string();
  state_->last = path.filename().string();
  if (state_->last.empty()) {
    throw Error(ErrorCode::invalid_argument, "expected the name of a file", state_->name);
  }
  state_->folder = std::move(folder);
  state_->create();
}

AtomicFile::~AtomicFile() {
  if (!state_->is_committed) {
    (void)::unlinkat(state_->folder->get(), state_->temporary.c_str(), 0);
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) { state_->writer->write(bytes); }

void AtomicFile::rewrite(std::uint64_t offset, std::span<const std::byte> bytes) {
  state_->writer->rewrite(offset, bytes);
}

std::uint64_t AtomicFile::position() const { return state_->writer->position(); }

void AtomicFile::finish() {
  state_->writer->sync();
  state_->writer->close();
}

void AtomicFile::rename() {
  const int folder = state_->folder->get();
  if (::renameat(folder, state_->temporary.c_str(), folder, state_->last.c_str()) != 0) {
    throw_system_error(errno, "rename the finished file", state_->name);
  }
  state_->is_committed = true;
}

void AtomicFile::commit() {
  finish();
  rename();
  sync_folder_at(state_->folder->get(), ".", state_->name);
}

// How a set is committed, so that its last file never refers to a file that is missing or
// incomplete, not even after a power cut:
//   1. All files are fsynced under temporary names: if space runs out, nothing has changed.
//   2. An older last file is removed and the folder synced: it can refer to files that step 3
//      replaces. A set of one file skips steps 2 and 3.
//   3. All but the last file are renamed, and the folder is synced: the last file's name must not
//      reach the disk before theirs.
//   4. The last file is renamed, and the folder is synced.
//   5. Outdated files are removed. Until then the older form of the model is still there, complete.
// If step 3 fails, the files that it has already renamed are removed.
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
    remove_if_present(files_.back().name);
    sync_folder();
    rename_all_but_last();
  }
  files_.back().file->rename();
  sync_folder();
  if (outdated.empty()) return;
  for (const std::string& name : outdated) {
    const auto status = std::filesystem::symlink_status(path_ / name);
    if (!std::filesystem::is_directory(status)) remove_if_present(name);  // a folder is not ours
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

void AtomicFileSet::remove_if_present(const std::string& name) {
  if (::unlinkat(folder_->get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
  throw_system_error(errno, "remove the older file", (path_ / name).string());
}

void AtomicFileSet::sync_folder() { sync_folder_at(folder_->get(), ".", path_.string()); }

}  // namespace lancekeep::io
