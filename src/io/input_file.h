// SPDX-License-Identifier: Apache-2.0
// A file for reading: model files on import, data files when values are copied or exported. Reading
// is preferred over mapping: if the file is truncated meanwhile, the result is an error, not a
// signal, and its pages do not count as this process's memory. All functions throw Error.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lancekeep::io {

class Descriptor;

enum class MapMode { read_only, copy_on_write };

/// Maps a whole file (MAP_PRIVATE | MAP_NORESERVE), or reads it if it is on a network file system
/// or cannot be mapped; an empty file gives an empty view. The view owns the mapping. `descriptor`
/// may be closed afterwards; `file` is its name for messages.
[[nodiscard]] ByteView map_descriptor(int descriptor, const std::string& file, MapMode mode);

/// The whole file in private pages, aligned like a mapping. Throws io if it does not fit in memory.
[[nodiscard]] ByteView read_into_pages(int descriptor, const std::string& file, MapMode mode);

/// Whether files on this kind of file system (statfs's f_type) are read rather than mapped: if a
/// mapped page cannot be fetched over the network, the process that touches it is killed.
[[nodiscard]] bool is_network_file_system(std::uint64_t type) noexcept;

/// An open file. Copies are cheap and share the descriptor; any number of threads may read it.
class InputFile {
 public:
  /// @throws Error not_found, io (a folder, no permission), invalid_argument (a NUL in the path).
  explicit InputFile(const std::filesystem::path& path);
  /// Takes over a descriptor; `name` is for messages. @throws Error io if it is not a regular file.
  InputFile(Descriptor descriptor, std::string name);

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// Fills `out` starting at `offset`; throws corrupt, naming `what`, if the file is too short.
  void read_at(std::uint64_t offset, std::span<std::byte> out, std::string_view what) const;
  /// `length` bytes in a new buffer, which is allocated only after the range has been checked.
  [[nodiscard]] ByteView read(std::uint64_t offset, std::uint64_t length,
                              std::string_view what) const;
  /// Passes `length` bytes starting at `offset` to `sink`, in pieces of at most 4 MiB, until it
  /// returns false.
  void read_pieces(std::uint64_t offset, std::uint64_t length, std::string_view what,
                   const std::function<bool(std::span<const std::byte>)>& sink) const;
  [[nodiscard]] ByteView map() const;

 private:
  struct State;
  static void require_range(const State& state, std::uint64_t offset, std::uint64_t length,
                            std::string_view what);
  std::shared_ptr<const State> state_;
};

}  // namespace lancekeep::io
