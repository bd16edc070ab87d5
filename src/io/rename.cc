// SPDX-License-Identifier: Apache-2.0
#include "io/rename.h"

#include "io/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace lancekeep::io {
namespace {

bool are_one_file(const NameIn& a, const NameIn& b) {
  struct stat first = {};
  struct stat second = {};
  return ::fstatat(a.folder, a.last.c_str(), &first, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstatat(b.folder, b.last.c_str(), &second, AT_SYMLINK_NOFOLLOW) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace

bool rename_if_free(const NameIn& from, const NameIn& to) {
  if (::renameat2(from.folder, from.last.c_str(), to.folder, to.last.c_str(), RENAME_NOREPLACE) ==
      0) {
    return true;
  }
  if (errno == EEXIST) return false;
  if (errno == EINVAL || errno == ENOSYS) return link_if_free(from, to);
  throw_system_error(errno, "rename " + from.full + " to this name", to.full);
}

bool link_if_free(const NameIn& from, const NameIn& to) {
  if (::linkat(from.folder, from.last.c_str(), to.folder, to.last.c_str(), 0) != 0) {
    if (errno != EEXIST) throw_system_error(errno, "link " + from.full + " to this name", to.full);
    // Over NFS the answer may have been lost and the call sent again: then the link in the way is
    // ours.
    if (!are_one_file(from, to)) return false;
  }
  // The file has its final name now, so a first name that stays behind is only litter.
  (void)::unlinkat(from.folder, from.last.c_str(), 0);
  return true;
}

}  // namespace lancekeep::io
