// SPDX-License-Identifier: Apache-2.0
// A file that is read, not mapped: model files on import, values on their way out of a store.
// Reading (`read_at`, `read`) is preferred over mapping: a file that is cut short meanwhile gives
// an error instead of a signal, and its pages do not count as this process's memory.
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

/// Maps a whole file (MAP_PRIVATE | MAP_NORESERVE); an empty file gives an empty view. The view
/// owns the mapping. `descriptor` may be closed afterwards; `file` is its name for messages.
[[nodiscard]] ByteView map_descriptor(int descriptor, const std::string& file, MapMode mode);

/// Copies are cheap and share the descriptor; any number of threads may read.
class InputFile {
 public:
  /// @throws Error not_found, io (a folder, no permission), invalid_argument (a NUL in the path).
  explicit InputFile(const std::filesystem::path& path);
  /// Takes over a descriptor; `name` is for messages. @throws Error io where it is no regular file.
  InputFile(Descriptor descriptor, std::string name);

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// Fills `out` from `offset` on; throws corrupt, naming `what`, where the file ends before that.
  void read_at(std::uint64_t offset, std::span<std::byte> out, std::string_view what) const;
  /// `length` bytes in a buffer of their own, allocated only after `offset` and `length` are known
  /// to lie within the file.
  [[nodiscard]] ByteView read(std::uint64_t offset, std::uint64_t length,
                              std::string_view what) const;
  /// Hands `length` bytes from `offset` on to `sink`, never holding more than one piece of them,
  /// until it returns false.
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
