// SPDX-License-Identifier: Apache-2.0
// How a save becomes durable. The caller (lance/table/commit.cc) takes these steps in order; each
// function below implements its part. A crash before step 6 leaves the old version, a crash after
// it leaves the new one.
//
//  1. create() every data, deletion and transaction file under its final, unique name, and write()
//     it. An existing name is an error, so a file that someone has mapped is never overwritten.
//     Keep the files open until step 6 is done: the flock(LOCK_SH) on each keeps gc from deleting
//     it as unreferenced before a manifest references it.
//  2. sync() each of them. Otherwise the manifest could reach the disk before the files it
//     references, and a power cut could leave a version whose files have gaps. A failed fsync is
//     final: the kernel reports lost bytes only once, so a second, successful fsync proves nothing.
//  3. sync_folder() their folders, because fsync of a file does not cover its name. On a first save
//     also sync_folder(""), which syncs the store's own folder and its name in its parent.
//  4. create(), write() and sync() the manifest under a temporary name, so that nobody ever reads
//     half a manifest under its final name.
//  5. lock("_versions", shared), then list it and check is_current(). If gc has removed versions
//     meanwhile, their numbers are free again, and step 6 alone could commit under one of these
//     numbers a version that refers to deleted files. If the store was replaced, it is not the one
//     that was read.
//  6. rename_new() the manifest to its final name: renameat2(RENAME_NOREPLACE), else link and
//     unlink. Only one of two saves gets the number; an overwriting rename would lose the other.
//  7. sync_folder("_versions"). Only then is the save acknowledged: before that, a power cut could
//     undo the rename. If this step fails, the version is visible but may not survive a power cut.
//     Nothing is undone, since a reader may have opened the version.
//  8. Release the lock.
#include "io/local_storage.h"

#include "io/file_lock.h"
#include "io/file_writer.h"
#include "io/folder.h"
#include "io/memory_budget.h"
#include "io/rename.h"
#include "io/rooted_path.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace lancekeep::io {
namespace {

constexpr int kMaxAttempts = 100;

class LocalStorage : public Storage {
 public:
  explicit LocalStorage(const std::filesystem::path& folder) : root_(folder) {}

  std::string full_name(const std::string& path) const override { return root_.full_name(path); }
  bool exists(const std::string& path) const override;
  std::uint64_t size(const std::string& path) const override;
  std::vector<FolderEntry> list(const std::string& folder) const override;
  std::vector<std::string> file_names(const std::string& folder) const override;
  ByteView read(const std::string& path, std::uint64_t limit) const override;
  InputFile open(const std::string& path) const override;
  ByteView map(const std::string& path, MapMode mode) const override;
  void make_folder(const std::string& path) override;
  std::unique_ptr<WritableFile> create(const std::string& path) override;
  bool rename_new(const std::string& from, const std::string& to) override;
  void rename_over(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  bool remove_unused(const std::string& path) override;
  void sync_file(const std::string& path) override;
  void sync_folder(const std::string& path) override;
  std::unique_ptr<FolderLock> lock(const std::string& folder, LockMode mode) override;
  bool is_current() const override;

 private:
  Descriptor open_folder(const std::string& path) const;

  RootedPath root_;
};

bool LocalStorage::exists(const std::string& path) const {
  return root_.open_if_there(path, O_PATH).has_value();
}

std::uint64_t LocalStorage::size(const std::string& path) const {
  return regular_file_size(root_.open(path, O_PATH).get(), full_name(path));
}

std::vector<FolderEntry> LocalStorage::list(const std::string& folder) const {
  auto descriptor = root_.open_folder_if_there(folder);
  if (!descriptor) return {};
  return list_folder(std::move(*descriptor), full_name(folder));
}

std::vector<std::string> LocalStorage::file_names(const std::string& folder) const {
  auto descriptor = root_.open_folder_if_there(folder);
  if (!descriptor) return {};
  return file_names_of(std::move(*descriptor), full_name(folder));
}

ByteView LocalStorage::read(const std::string& path, std::uint64_t limit) const {
  const std::string name = full_name(path);
  const Descriptor file = root_.open(path, O_RDONLY);
  const std::uint64_t size = regular_file_size(file.get(), name);
  if (size > limit) {
    throw Error(ErrorCode::corrupt, fmt::format("expected at most {} bytes, found {}", limit, size),
                name);
  }
  require_memory(size, name);
  const auto buffer = std::make_shared_for_overwrite<std::byte[]>(size);
  read_exactly(file.get(), 0, {buffer.get(), size}, name);
  return ByteView({buffer.get(), size}, buffer, name);
}

InputFile LocalStorage::open(const std::string& path) const {
  return {root_.open(path, O_RDONLY), full_name(path)};
}

ByteView LocalStorage::map(const std::string& path, MapMode mode) const {
  return map_descriptor(root_.open(path, O_RDONLY).get(), full_name(path), mode);
}

void LocalStorage::make_folder(const std::string& path) {
  const auto name = root_.locate(path);
  if (::mkdirat(name.folder.get(), name.last.c_str(), 0777) == 0) return;
  if (errno != EEXIST) throw_system_error(errno, "create the folder", name.full);
  // Throws if the name belongs to something else: a file, or a link that leads out of the store.
  (void)open_folder(path);
}

std::unique_ptr<WritableFile> LocalStorage::create(const std::string& path) {
  const auto name = root_.locate(path);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    // O_RDWR: on NFS a shared lock needs a readable descriptor.
    Descriptor file(retry_interrupted([&] {
      return ::openat(name.folder.get(), name.last.c_str(),
                      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    }));
    if (!file.is_open()) throw_system_error(errno, "create", name.full);
    try {
      FileLock lock = lock_while_written(file.get(), name.full);
      // Without a name, gc has deleted it before it was locked.
      if (status_of(file.get(), name.full).st_nlink > 0) {
        return std::make_unique<FileWriter>(std::move(file), name.full, std::move(lock));
      }
    } catch (...) {
      (void)::unlinkat(name.folder.get(), name.last.c_str(), 0);  // no one else uses it yet
      throw;
    }
  }
  throw Error(ErrorCode::conflict,
              fmt::format("gc deleted this new file {} times before it could be locked; try again",
                          kMaxAttempts),
              name.full);
}

bool LocalStorage::rename_new(const std::string& from, const std::string& to) {
  const auto source = root_.locate(from);
  const auto target = root_.locate(to);
  return rename_if_free({source.folder.get(), source.last, source.full},
                        {target.folder.get(), target.last, target.full});
}

void LocalStorage::rename_over(const std::string& from, const std::string& to) {
  const auto source = root_.locate(from);
  const auto target = root_.locate(to);
  if (::renameat(source.folder.get(), source.last.c_str(), target.folder.get(),
                 target.last.c_str()) != 0) {
    throw_system_error(errno, "rename " + source.full + " to this name", target.full);
  }
}

void LocalStorage::remove(const std::string& path) {
  const auto name = root_.locate_if_there(path);
  if (!name) return;
  int result = ::unlinkat(name->folder.get(), name->last.c_str(), 0);
  if (result != 0 && errno == EISDIR) {
    result = ::unlinkat(name->folder.get(), name->last.c_str(), AT_REMOVEDIR);
  }
  if (result != 0 && errno != ENOENT) throw_system_error(errno, "remove", name->full);
}

bool LocalStorage::remove_unused(const std::string& path) {
  // O_RDWR: on NFS an exclusive lock needs a writable descriptor. O_NONBLOCK: never waits on a
  // pipe.
  const auto file = root_.open_if_there(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  if (!file) return true;
  const auto lock = lock_to_remove(file->get(), full_name(path));
  if (!lock) return false;
  remove(path);
  return true;
}

void LocalStorage::sync_file(const std::string& path) {
  const Descriptor file = root_.open(path, O_RDONLY);
  (void)regular_file_size(file.get(), full_name(path));
  io::sync_file(file.get(), full_name(path));
}

void LocalStorage::sync_folder(const std::string& path) {
  const Descriptor folder = open_folder(path);
  sync_folder_at(folder.get(), ".", full_name(path));
  // A parent without read permission cannot be synced, but then this process did not create the
  // folder.
  if (path.empty() && ::faccessat(folder.get(), "..", R_OK, AT_EACCESS) == 0) {
    sync_folder_at(folder.get(), "..", full_name(path) + "/..");
  }
}

std::unique_ptr<FolderLock> LocalStorage::lock(const std::string& folder, LockMode mode) {
  return lock_folder(open_folder(folder), mode, full_name(folder));
}

bool LocalStorage::is_current() const {
  struct stat there = {};
  if (::stat(root_.folder().c_str(), &there) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw_system_error(errno, "examine", full_name(""));
  }
  const struct stat here = status_of(root_.descriptor(), full_name(""));
  return there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

Descriptor LocalStorage::open_folder(const std::string& path) const {
  auto folder = root_.open_folder_if_there(path);
  if (!folder) throw_system_error(ENOENT, "open the folder", full_name(path));
  return std::move(*folder);
}

// The recursion is as deep as the path has components, which stat() limits.
void make_folders(const std::filesystem::path& folder) {
  struct stat status = {};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return;
  } else if (errno != ENOENT) {
    throw_system_error(errno, "create the folder", folder.string());
  }
  const auto parent = folder.parent_path();
  if (parent != folder) make_folders(parent);
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    throw_system_error(errno, "create the folder", folder.string());
  }
  sync_folder_at(AT_FDCWD, parent.c_str(), parent.string());
}

}  // namespace

std::unique_ptr<Storage> open_local_storage(const std::filesystem::path& folder) {
  return std::make_unique<LocalStorage>(folder);
}

std::unique_ptr<Storage> create_local_storage(const std::filesystem::path& folder) {
  make_folders(absolute_folder(folder));
  return open_local_storage(folder);
}

}  // namespace lancekeep::io
