// SPDX-License-Identifier: Apache-2.0
// Shared by the fuzz targets of model files: the fuzzer's bytes as a file, and the checks that
// apply to every source. One thread at a time.
#pragma once

#include <lancekeep/tensor.h>

#include "fuzz/invariants.h"
#include "io/input_file.h"

#include <filesystem>
#include <string_view>

namespace lancekeep::fuzz {

/// A file in memory that has no name in any folder.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  [[nodiscard]] io::InputFile open() const;
  /// A path that opens the file while this object lives.
  [[nodiscard]] std::filesystem::path path() const;

 private:
  int descriptor_;
};

/// Reads every tensor, but only the start of a large one, since a few bytes can expand to many.
/// Aborts if the source violates the contract of TensorSource.
void read_all(TensorSource& source);

}  // namespace lancekeep::fuzz
