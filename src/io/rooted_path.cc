// SPDX-License-Identifier: Apache-2.0
#include "io/rooted_path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace lancekeep::io {
namespace {

constexpr int kAlways = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

[[noreturn]] void reject(const char* reason, const std::string& file) {
  throw Error(ErrorCode::unsafe, std::string("rejected: ") + reason, file);
}

// The result of an attempt to open: a descriptor or errno.
struct Attempt {
  Descriptor descriptor;
  int error = 0;
};

Attempt attempt_of(long number) {
  if (number < 0) return {Descriptor(), errno};
  return {Descriptor(static_cast<int>(number)), 0};
}

Attempt open_by_kernel(int root, const std::string& path, int flags) {
  struct open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return attempt_of(retry_interrupted(
      [&] { return ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)); }));
}

bool is_link(int folder, const std::string& name) {
  struct stat status = {};
  return ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
}

// Fails with ELOOP for a link, whatever the flags. The system reports ENOTDIR with O_DIRECTORY, and
// with O_PATH opens the link itself.
Attempt open_component(int folder, const std::string& name, int flags) {
  Attempt attempt = attempt_of(
      retry_interrupted([&] { return ::openat(folder, name.c_str(), flags | O_NOFOLLOW); }));
  if (attempt.error == ENOTDIR && is_link(folder, name)) return {Descriptor(), ELOOP};
  if (attempt.error == 0 && (flags & O_PATH) != 0) {
    struct stat status = {};
    if (::fstat(attempt.descriptor.get(), &status) != 0) return {Descriptor(), errno};
    if (S_ISLNK(status.st_mode)) return {Descriptor(), ELOOP};
  }
  return attempt;
}

Attempt open_by_walk(int root, std::string_view path, int flags) {
  Descriptor folder;
  int number = root;
  for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
    const std::string component(path.substr(0, slash));
    Attempt step = open_component(number, component, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (step.error != 0) return step;
    folder = std::move(step.descriptor);
    number = folder.get();
    path.remove_prefix(slash + 1);
  }
  return open_component(number, std::string(path), flags);
}

Attempt open_beneath(int root, const std::string& path, int flags,
                     RootedPath::Resolution resolution) {
  if (resolution == RootedPath::Resolution::kernel) {
    // EAGAIN: a rename happened meanwhile, so the kernel could not prove that the path stays
    // inside.
    for (int tries = 0; tries < 16; ++tries) {
      Attempt attempt = open_by_kernel(root, path, flags);
      if (attempt.error == ENOSYS || attempt.error == EPERM) break;
      if (attempt.error != EAGAIN) return attempt;
    }
  }
  return open_by_walk(root, path, flags);
}

}  // namespace

void require_safe_path(std::string_view path, const std::string& file) {
  if (path.find('\0') != path.npos) reject("the path contains a NUL", file);
  if (path.starts_with('/')) reject("the path is absolute, not relative to the store", file);
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view component = path.substr(start, end - start);
    if (component.empty()) reject("the path has an empty component", file);
    if (component == ".") reject("the path has a component \".\"", file);
    if (component == "..") reject("the path has a component \"..\"", file);
    start = end + 1;
  }
}

std::filesystem::path absolute_folder(const std::filesystem::path& folder) {
  require_no_nul(folder);
  if (folder.empty()) {
    throw Error(ErrorCode::invalid_argument, "expected the name of a folder, found an empty one");
  }
  const std::filesystem::path path = std::filesystem::absolute(folder);
  return path.has_filename() ? path : path.parent_path();
}

RootedPath::RootedPath(const std::filesystem::path& folder, Resolution resolution)
    : folder_(absolute_folder(folder)), resolution_(resolution) {
  root_ = Descriptor(
      retry_interrupted([&] { return ::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
  if (root_.is_open()) return;
  if (errno == ENOTDIR) {
    throw Error(ErrorCode::invalid_argument, "expected a folder, found a file", folder_.string());
  }
  throw_system_error(errno, "open the folder", folder_.string());
}

std::string RootedPath::full_name(std::string_view path) const {
  if (path.empty()) return folder_.string();
  std::string name = folder_.string();
  if (!name.ends_with('/')) name += '/';
  return name.append(path);
}

Descriptor RootedPath::open(const std::string& path, int flags) const {
  auto descriptor = open_if_there(path, flags);
  if (!descriptor) throw_system_error(ENOENT, "open", full_name(path));
  return std::move(*descriptor);
}

std::optional<Descriptor> RootedPath::open_if_there(const std::string& path, int flags) const {
  const std::string full = full_name(path);
  require_safe_path(path, full);
  // openat2 rejects the other flags together with O_PATH.
  const int all = (flags & O_PATH) != 0 ? flags | O_CLOEXEC : flags | kAlways;
  Attempt attempt = open_beneath(root_.get(), path, all, resolution_);
  switch (attempt.error) {
    case 0:
      return std::move(attempt.descriptor);
    case ENOENT:
      return std::nullopt;
    case EXDEV:
    case ELOOP:
      reject("a link in the path leads out of the store or is circular", full);
    default:
      throw_system_error(attempt.error, "open", full);
  }
}

std::optional<Descriptor> RootedPath::open_folder_if_there(const std::string& path) const {
  if (!path.empty()) return open_if_there(path, O_RDONLY | O_DIRECTORY);
  // A new open file, not a copy of root_: a flock and the read position belong to the open file.
  Descriptor folder(retry_interrupted(
      [&] { return ::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!folder.is_open()) throw_system_error(errno, "open the folder", folder_.string());
  return folder;
}

RootedPath::Name RootedPath::locate(const std::string& path) const {
  auto name = locate_if_there(path);
  if (!name) throw_system_error(ENOENT, "find the folder of this file", full_name(path));
  return std::move(*name);
}

std::optional<RootedPath::Name> RootedPath::locate_if_there(const std::string& path) const {
  const std::string full = full_name(path);
  require_safe_path(path, full);
  const auto slash = path.rfind('/');
  auto folder = slash == path.npos ? open_folder_if_there("")
                                   : open_if_there(path.substr(0, slash), O_PATH | O_DIRECTORY);
  if (!folder) return std::nullopt;
  return Name{std::move(*folder), slash == path.npos ? path : path.substr(slash + 1), full};
}

}  // namespace lancekeep::io
