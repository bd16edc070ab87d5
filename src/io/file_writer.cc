// SPDX-License-Identifier: Apache-2.0
#include "io/file_writer.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace lancekeep::io {
namespace {

// Write-back is started each time this many bytes have been written: enough to keep the disk busy,
// few enough to keep the final fsync short.
constexpr std::uint64_t kWriteBackStep = std::uint64_t{8} << 20;

}  // namespace

FileWriter::FileWriter(Descriptor descriptor, std::string name, FileLock lock)
    : descriptor_(std::move(descriptor)), lock_(std::move(lock)), name_(std::move(name)) {}

// The kernel reports lost bytes only once, so this object remembers the failure: no later call may
// seem to succeed.
template <typename Action>
void FileWriter::unless_failed(Action action) {
  if (failed_ || !descriptor_.is_open()) {
    throw Error(ErrorCode::io, "an earlier call on this file failed or closed it", name_);
  }
  failed_ = true;
  action();
  failed_ = false;
}

void FileWriter::write(std::span<const std::byte> bytes) {
  unless_failed([&] {
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min<std::size_t>(bytes.size(), kWriteBackStep));
      write_all(descriptor_.get(), piece, name_);
      position_ += piece.size();
      bytes = bytes.subspan(piece.size());
      if (position_ - written_back_ >= kWriteBackStep) start_write_back();
    }
  });
}

void FileWriter::rewrite(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (offset > position_ || bytes.size() > position_ - offset) {
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("cannot rewrite {} bytes here: only {} were written", bytes.size(), position_),
        name_, offset);
  }
  unless_failed([&] { write_all_at(descriptor_.get(), offset, bytes, name_); });
}

void FileWriter::start_write_back() {
  // Only a hint: fsync reports what goes wrong here.
  (void)::sync_file_range(descriptor_.get(), static_cast<off64_t>(written_back_),
                          static_cast<off64_t>(position_ - written_back_), SYNC_FILE_RANGE_WRITE);
  written_back_ = position_;
}

void FileWriter::sync() {
  unless_failed([&] { sync_file(descriptor_.get(), name_); });
}

void FileWriter::flush() {
  unless_failed([&] {
    // Closing any descriptor of the file reports pending errors; this one stays open and keeps its
    // flock.
    Descriptor copy(::fcntl(descriptor_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.is_open()) throw_system_error(errno, "flush", name_);
    copy.close(name_);
  });
}

void FileWriter::close() {
  unless_failed([&] {
    lock_.release();
    descriptor_.close(name_);
  });
}

}  // namespace lancekeep::io
