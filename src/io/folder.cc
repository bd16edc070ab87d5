// SPDX-License-Identifier: Apache-2.0
#include "io/folder.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace lancekeep::io {
namespace {

// The largest time in seconds whose nanoseconds fit 64 bits; a file can have any time.
constexpr time_t kMaxSeconds = 9'223'372'035;

FolderEntry entry_of(const char* name, const struct stat& status) {
  const time_t seconds = std::clamp(status.st_mtim.tv_sec, -kMaxSeconds, kMaxSeconds);
  const auto since_epoch =
      std::chrono::seconds(seconds) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return {name, S_ISDIR(status.st_mode), S_ISREG(status.st_mode),
          static_cast<std::uint64_t>(status.st_size),
          std::chrono::sys_time<std::chrono::nanoseconds>(since_epoch)};
}

struct CloseStream {
  void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};

// Calls `visit` with each entry and the folder's descriptor.
template <typename Visit>
void for_each_entry(Descriptor folder, const std::string& name, Visit visit) {
  const std::unique_ptr<DIR, CloseStream> stream(::fdopendir(folder.get()));
  if (!stream) throw_system_error(errno, "list the folder", name);
  const int number = folder.release();  // closed by the stream
  for (;;) {
    errno = 0;
    const struct dirent* found = ::readdir(stream.get());
    if (found == nullptr) {
      if (errno != 0) throw_system_error(errno, "list the folder", name);
      return;
    }
    const std::string_view last = found->d_name;
    if (last != "." && last != "..") visit(*found, number);
  }
}

// Unset if it was removed after its name was read.
std::optional<struct stat> status_at(int folder, const char* entry, const std::string& name) {
  struct stat status = {};
  if (::fstatat(folder, entry, &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno == ENOENT) return std::nullopt;
  throw_system_error(errno, "examine", name + "/" + entry);
}

}  // namespace

std::vector<FolderEntry> list_folder(Descriptor folder, const std::string& name) {
  std::vector<FolderEntry> entries;
  for_each_entry(std::move(folder), name, [&](const struct dirent& found, int number) {
    const auto status = status_at(number, found.d_name, name);
    if (status) entries.push_back(entry_of(found.d_name, *status));
  });
  return entries;
}

std::vector<std::string> file_names_of(Descriptor folder, const std::string& name) {
  std::vector<std::string> names;
  for_each_entry(std::move(folder), name, [&](const struct dirent& found, int number) {
    bool is_folder = found.d_type == DT_DIR;
    if (found.d_type == DT_UNKNOWN) {  // the file system does not say
      const auto status = status_at(number, found.d_name, name);
      is_folder = !status || S_ISDIR(status->st_mode);
    }
    if (!is_folder) names.emplace_back(found.d_name);
  });
  return names;
}

}  // namespace lancekeep::io
