// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share: the fuzzer's bytes as a file, and what every reader owes them. A
// reader may refuse with lancekeep::Error; whatever else it throws, or breaks, ends the process,
// which is how a finding shows. One thread.
#pragma once

#include "io/input_file.h"

#include <lancekeep/tensor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace lancekeep::fuzz {

/// A file in memory, without a name in any folder.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  [[nodiscard]] io::InputFile open() const;
  /// By which whoever takes a path can open it.
  [[nodiscard]] std::filesystem::path path() const;

 private:
  int descriptor_;
};

[[nodiscard]] inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// Runs `read`, which may refuse.
void expect_read_or_refused(const std::function<void()>& read);

/// Reads every tensor, though of a large one only the start: a few bytes may stand for many. Aborts
/// where the source breaks a promise of TensorSource.
void read_all(TensorSource& source);

}  // namespace lancekeep::fuzz
