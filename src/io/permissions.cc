// SPDX-License-Identifier: Apache-2.0
#include "io/permissions.h"

#include "io/descriptor.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace lancekeep::io {
namespace {

// O_NONBLOCK: never waits on a pipe.
Descriptor open_no_link(const std::filesystem::path& path) {
  Descriptor opened(retry_interrupted(
      [&] { return ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); }));
  if (!opened.is_open()) throw_system_error(errno, "open", path.string());
  return opened;
}

struct Kept {
  bool owner = true;
  bool group = true;
};

// Only root may give a file to somebody else; its owner may give it to a group of theirs.
Kept take_owner(int target, const struct stat& model, const struct stat& now) {
  Kept kept{now.st_uid == model.st_uid, now.st_gid == model.st_gid};
  if (kept.owner && kept.group) return kept;
  if (::fchown(target, model.st_uid, model.st_gid) == 0) return {};
  if (!kept.group) kept.group = ::fchown(target, static_cast<uid_t>(-1), model.st_gid) == 0;
  return kept;
}

mode_t mode_of(const struct stat& model, const Kept& kept) {
  constexpr mode_t kAll = 07777;
  constexpr mode_t kToGroup = S_IRWXG / S_IRWXO;
  const mode_t mode = model.st_mode & kAll;
  if (kept.group) return mode;
  const mode_t others = (mode & S_IRWXO) * kToGroup;
  return (mode & ~static_cast<mode_t>(S_IRWXG | S_ISGID | S_ISUID)) | (mode & S_IRWXG & others);
}

// False if the target lacks a list that the model has.
bool copy_access_lists(int model, int target) {
  bool all = true;
  for (const char* name : {"system.posix_acl_access", "system.posix_acl_default"}) {
    std::array<char, 1 << 16> list{};  // the largest attribute that Linux has
    const ssize_t size = ::fgetxattr(model, name, list.data(), list.size());
    if (size > 0) {
      all &= ::fsetxattr(target, name, list.data(), static_cast<std::size_t>(size), 0) == 0;
    } else {
      // A new folder has what its parent's default list says.
      (void)::fremovexattr(target, name);
    }
  }
  return all;
}

}  // namespace

void make_private_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) != 0) {
    throw_system_error(errno, "create the folder", folder.string());
  }
}

std::string copy_permissions(const std::filesystem::path& model,
                             const std::filesystem::path& target) {
  const Descriptor from = open_no_link(model);
  const Descriptor to = open_no_link(target);
  const struct stat wanted = status_of(from.get(), model.string());
  const struct stat now = status_of(to.get(), target.string());
  const Kept kept = take_owner(to.get(), wanted, now);
  const bool has_lists = kept.group && copy_access_lists(from.get(), to.get());
  const mode_t mode = mode_of(wanted, kept);
  // After fchown and the lists, which change the mode.
  if (::fchmod(to.get(), mode) != 0) throw_system_error(errno, "set the mode of", target.string());
  if (!kept.group) {
    return fmt::format(
        "it does not belong to group {} any more, which this user may not set; the mode is {:o}, "
        "not {:o}",
        wanted.st_gid, mode, wanted.st_mode & 07777);
  }
  if (!kept.owner) {
    return fmt::format("it belongs to user {}, not to user {} as before: only root could keep that",
                       now.st_uid, wanted.st_uid);
  }
  return has_lists ? "" : "its access control lists could not be kept";
}

}  // namespace lancekeep::io
