// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets of model files share: the fuzzer's bytes as a file, and what every source
// owes. One thread.
#pragma once

#include <lancekeep/tensor.h>

#include "fuzz/invariants.h"
#include "io/input_file.h"

#include <filesystem>
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

/// Reads every tensor, though of a large one only the start: a few bytes may stand for many. Aborts
/// where the source breaks a promise of TensorSource.
void read_all(TensorSource& source);

}  // namespace lancekeep::fuzz
