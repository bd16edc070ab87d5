// SPDX-License-Identifier: Apache-2.0
#include "io/rename.h"

#include "io/descriptor.h"
#include "io/rooted_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

namespace lancekeep::io {
namespace {

// False if `to` exists; unset if the kernel or the file system has no RENAME_NOREPLACE.
std::optional<bool> rename_noreplace(const NameIn& from, const NameIn& to) {
  if (::renameat2(from.folder, from.last.c_str(), to.folder, to.last.c_str(), RENAME_NOREPLACE) ==
      0) {
    return true;
  }
  if (errno == EEXIST) return false;
  if (errno == EINVAL || errno == ENOSYS) return std::nullopt;
  throw_system_error(errno, "rename " + from.full + " to this name", to.full);
}

bool are_one_file(const NameIn& a, const NameIn& b) {
  struct stat first = {};
  struct stat second = {};
  return ::fstatat(a.folder, a.last.c_str(), &first, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstatat(b.folder, b.last.c_str(), &second, AT_SYMLINK_NOFOLLOW) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

std::filesystem::path replaced_name(const std::filesystem::path& folder) {
  std::filesystem::path path = folder;
  return path += ".replaced";
}

void require_folder(const std::filesystem::path& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    throw_system_error(errno, "swap the folder", path.string());
  }
  if (!S_ISDIR(status.st_mode)) {
    throw Error(ErrorCode::invalid_argument, "expected a folder, found a file or a link",
                path.string());
  }
}

// If the system has no RENAME_NOREPLACE, checks that the name is free and then renames, since a
// folder cannot get a second link. All that the rename can still replace is a new, empty folder.
bool move_if_free(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto renamed = rename_noreplace({AT_FDCWD, from.string(), from.string()},
                                        {AT_FDCWD, to.string(), to.string()});
  if (renamed) return *renamed;
  struct stat status = {};
  if (::lstat(to.c_str(), &status) == 0) return false;
  if (::rename(from.c_str(), to.c_str()) == 0) return true;
  throw_system_error(errno, "rename " + from.string() + " to this name", to.string());
}

void move(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (!move_if_free(from, to)) {
    throw Error(ErrorCode::already_exists,
                "cannot rename " + from.string() + " to this name: it exists", to.string());
  }
}

constexpr int kMaxWaits = 1000;

// Whether the process that is swapping the folder is alive. Unknown, and thus false, where the file
// system has no flock.
bool is_locked(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return opened.is_open() && ::flock(opened.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void sync_parent(const std::filesystem::path& folder) {
  sync_folder_at(AT_FDCWD, folder.parent_path().c_str(), folder.parent_path().string());
}

}  // namespace

bool rename_if_free(const NameIn& from, const NameIn& to) {
  const auto renamed = rename_noreplace(from, to);
  return renamed ? *renamed : link_if_free(from, to);
}

bool link_if_free(const NameIn& from, const NameIn& to) {
  if (::linkat(from.folder, from.last.c_str(), to.folder, to.last.c_str(), 0) != 0) {
    if (errno != EEXIST) throw_system_error(errno, "link " + from.full + " to this name", to.full);
    // NFS may repeat a call whose reply was lost: then the existing link is ours.
    if (!are_one_file(from, to)) return false;
  }
  // The file has its final name now; if its first name remains, that does no harm.
  (void)::unlinkat(from.folder, from.last.c_str(), 0);
  return true;
}

bool swap_folders(const std::filesystem::path& replacement, const std::filesystem::path& folder) {
  const auto from = absolute_folder(replacement);
  const auto to = absolute_folder(folder);
  require_folder(from);
  require_folder(to);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno == EXDEV || errno == EBUSY) return false;
    if (errno == EINVAL || errno == ENOSYS) {
      swap_folders_by_renames(from, to);
      return true;
    }
    throw_system_error(errno, "swap " + from.string() + " with this folder", to.string());
  }
  sync_parent(to);
  if (from.parent_path() != to.parent_path()) sync_parent(from);
  return true;
}

void swap_folders_by_renames(const std::filesystem::path& replacement,
                             const std::filesystem::path& folder) {
  const auto from = absolute_folder(replacement);
  const auto to = absolute_folder(folder);
  const auto aside = replaced_name(to);
  require_folder(from);
  require_folder(to);
  if (!move_if_free(to, aside)) {
    throw Error(ErrorCode::already_exists,
                "left over from an interrupted replacement: remove it and try again",
                aside.string());
  }
  try {
    move(from, to);
  } catch (const Error&) {
    finish_swap(to);
    throw;
  }
  sync_parent(to);
  move(aside, from);
  sync_parent(from);
}

void finish_swap(const std::filesystem::path& folder) {
  const auto to = absolute_folder(folder);
  const auto aside = replaced_name(to);
  struct stat status = {};
  if (::lstat(to.c_str(), &status) == 0 || errno != ENOENT) return;
  if (::lstat(aside.c_str(), &status) != 0) return;
  for (int waits = 0; waits < kMaxWaits && is_locked(aside); ++waits) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (::lstat(to.c_str(), &status) == 0) return;
  try {
    // False if another process has moved it back meanwhile.
    if (move_if_free(aside, to)) sync_parent(to);
  } catch (const Error& error) {
    // Gone: the process that swaps the folders has finished.
    if (error.code() != ErrorCode::not_found) throw;
  }
}

}  // namespace lancekeep::io
