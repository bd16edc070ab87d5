// SPDX-License-Identifier: Apache-2.0
#include "io/descriptor.h"

#include "io/checked_math.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <system_error>

namespace lancekeep::io {
namespace {

// The most that Linux transfers in one read or write.
constexpr std::size_t kMaxTransfer = 2'147'479'552;

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
      return ErrorCode::not_found;
    case EEXIST:
      return ErrorCode::already_exists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::out_of_space;
    default:
      return ErrorCode::io;
  }
}

std::string_view advice_for(int error) {
  switch (error) {
    case ENOSPC:
      return "; existing data is unchanged: free some space and try again";
    case EDQUOT:
      return "; existing data is unchanged: free some space or raise the quota, and try "
             "again";
    case EFBIG:
      return "; existing data is unchanged: raise the limit on file sizes (ulimit -f) or use "
             "a "
             "file system with larger files";
    default:
      return "";
  }
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (is_open()) ::close(number_);
}

void Descriptor::close(const std::string& file) {
  // The number is free again even if close fails, so close is never repeated.
  if (::close(release()) != 0 && errno != EINTR) throw_system_error(errno, "close", file);
}

void throw_system_error(int error, std::string_view action, const std::string& file) {
  throw Error(code_of(error),
              fmt::format("cannot {}: {}{}", action, std::generic_category().message(error),
                          advice_for(error)),
              file);
}

void require_no_nul(const std::filesystem::path& path) {
  const std::string& text = path.native();
  if (text.find('\0') != text.npos) {
    throw Error(ErrorCode::invalid_argument, "expected a path, found one with a NUL in it",
                text.c_str());
  }
}

struct stat status_of(int descriptor, const std::string& file) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) throw_system_error(errno, "examine", file);
  return status;
}

std::uint64_t regular_file_size(int descriptor, const std::string& file) {
  const struct stat status = status_of(descriptor, file);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::io,
                S_ISDIR(status.st_mode) ? "expected a file, found a folder"
                                        : "expected a file, found a device, pipe or socket",
                file);
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Descriptor open_folder(const std::filesystem::path& folder) {
  Descriptor descriptor(
      retry_interrupted([&] { return ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
  if (!descriptor.is_open()) throw_system_error(errno, "open the folder", folder.string());
  return descriptor;
}

void read_exactly(int descriptor, std::uint64_t offset, std::span<std::byte> out,
                  const std::string& file) {
  while (!out.empty()) {
    if (offset > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
      throw Error(ErrorCode::corrupt, "the offset is larger than any file", file, offset);
    }
    const std::size_t wanted = std::min(out.size(), kMaxTransfer);
    const ssize_t got = retry_interrupted(
        [&] { return ::pread(descriptor, out.data(), wanted, static_cast<off_t>(offset)); });
    if (got < 0) throw_system_error(errno, "read", file);
    if (got == 0) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("the file ends here, {} bytes too early; was it truncated meanwhile?",
                              out.size()),
                  file, offset);
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
}

void write_all(int descriptor, std::span<const std::byte> bytes, const std::string& file) {
  while (!bytes.empty()) {
    const std::size_t wanted = std::min(bytes.size(), kMaxTransfer);
    const ssize_t written =
        retry_interrupted([&] { return ::write(descriptor, bytes.data(), wanted); });
    if (written < 0) throw_system_error(errno, "write", file);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void write_all_at(int descriptor, std::uint64_t offset, std::span<const std::byte> bytes,
                  const std::string& file) {
  while (!bytes.empty()) {
    const std::size_t wanted = std::min(bytes.size(), kMaxTransfer);
    const ssize_t written = retry_interrupted(
        [&] { return ::pwrite(descriptor, bytes.data(), wanted, static_cast<off_t>(offset)); });
    if (written < 0) throw_system_error(errno, "write", file);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void sync_file(int descriptor, const std::string& file) {
  // Never repeated, not even after EINTR: the kernel reports a lost write once, so a second,
  // successful fsync proves nothing.
  if (::fsync(descriptor) != 0) throw_system_error(errno, "sync the file (fsync)", file);
}

void sync_folder_at(int descriptor, const char* name, const std::string& file) {
  const Descriptor folder(retry_interrupted(
      [&] { return ::openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!folder.is_open()) throw_system_error(errno, "open the folder", file);
  // EINVAL: the file system has no fsync for folders, because it protects names in its own way.
  if (::fsync(folder.get()) != 0 && errno != EINVAL) {
    throw_system_error(errno, "sync the folder (fsync)", file);
  }
}

}  // namespace lancekeep::io
