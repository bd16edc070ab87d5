// SPDX-License-Identifier: Apache-2.0
#include "io/folder_list.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>

namespace lancekeep::io {
namespace {

/// Seconds whose nanoseconds fit 64 bits; a file may be given any time.
constexpr time_t max_seconds = 9'223'372'035;

FolderEntry entry_of(const char* name, const struct stat& status) {
  const time_t seconds = std::clamp(status.st_mtim.tv_sec, -max_seconds, max_seconds);
  const auto since_epoch =
      std::chrono::seconds(seconds) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return {name, S_ISDIR(status.st_mode), S_ISREG(status.st_mode),
          static_cast<std::uint64_t>(status.st_size),
          std::chrono::sys_time<std::chrono::nanoseconds>(since_epoch)};
}

struct CloseStream {
  void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};

}  // namespace

std::vector<FolderEntry> list_folder(Descriptor folder, const std::string& name) {
  const std::unique_ptr<DIR, CloseStream> stream(::fdopendir(folder.get()));
  if (!stream) throw_system_error(errno, "list the folder", name);
  const int number = folder.release();  // the stream closes it
  std::vector<FolderEntry> entries;
  for (;;) {
    errno = 0;
    const struct dirent* found = ::readdir(stream.get());
    if (found == nullptr) {
      if (errno != 0) throw_system_error(errno, "list the folder", name);
      return entries;
    }
    const std::string_view last = found->d_name;
    if (last == "." || last == "..") continue;
    struct stat status = {};
    if (::fstatat(number, found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      entries.push_back(entry_of(found->d_name, status));
    } else if (errno != ENOENT) {  // ENOENT: removed since its name was read
      throw_system_error(errno, "examine", name + "/" + found->d_name);
    }
  }
}

}  // namespace lancekeep::io
