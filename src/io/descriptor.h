// SPDX-License-Identifier: Apache-2.0
// A file descriptor that closes itself, and system calls on descriptors. Short transfers and EINTR
// are retried; failures throw an Error that names the file.
#pragma once

#include <lancekeep/error.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace lancekeep::io {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
  /// Closes now; throws the errors that a network file system defers until close().
  void close(const std::string& file);

 private:
  int number_ = -1;
};

/// Throws "cannot <action>: <the system's reason>", with what to do and the code for this errno.
[[noreturn]] void throw_system_error(int error, std::string_view action, const std::string& file);

/// Throws invalid_argument if the path contains a NUL, where the system would cut it off.
void require_no_nul(const std::filesystem::path& path);

/// Repeats `call` as long as a signal interrupts it.
template <typename Call>
auto retry_interrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

[[nodiscard]] struct stat status_of(int descriptor, const std::string& file);
/// In bytes; throws io for a folder, device, pipe or socket.
[[nodiscard]] std::uint64_t regular_file_size(int descriptor, const std::string& file);

/// Opens the folder with O_PATH, for calls that take a folder and a name.
[[nodiscard]] Descriptor open_folder(const std::filesystem::path& folder);

/// Fills `out` starting at `offset`; throws corrupt if the file is too short.
void read_exactly(int descriptor, std::uint64_t offset, std::span<std::byte> out,
                  const std::string& file);
/// Writes all bytes at the descriptor's position.
void write_all(int descriptor, std::span<const std::byte> bytes, const std::string& file);
/// Writes all bytes starting at `offset`.
void write_all_at(int descriptor, std::uint64_t offset, std::span<const std::byte> bytes,
                  const std::string& file);

/// fsync of a file.
void sync_file(int descriptor, const std::string& file);
/// fsync of the folder `name` (such as "." or "..") relative to the folder `descriptor`, which may
/// be an O_PATH descriptor.
void sync_folder_at(int descriptor, const char* name, const std::string& file);

}  // namespace lancekeep::io
