// SPDX-License-Identifier: Apache-2.0
// Looking at the bytes of a source's tensors without keeping them.
#pragma once

#include <lancekeep/store.h>

#include "io/input_file.h"
#include "store/table/digest.h"

#include <string>

namespace lancekeep::store {

/// Bytes of a model that have been dealt with, for SaveOptions::progress.
class SaveProgress {
 public:
  SaveProgress(const Progress& callback, std::uint64_t total)
      : callback_(callback), total_(total) {}
  /// An exception from the callback goes through to the caller. 0 bytes: still at it.
  void add(std::uint64_t bytes, const std::string& tensor);
  /// All is done: what is shared was not written, but counts.
  void finish();

 private:
  const Progress& callback_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
};

/// Whether the value of source.tensors()[index] stands in `file` at `position`. Reads both piece by
/// piece, up to the first difference; a file that cannot be read has other bytes. `hasher`, if any,
/// gets what was compared.
[[nodiscard]] bool same_bytes(TensorSource& source, std::size_t index, const io::InputFile& file,
                              std::uint64_t position, SaveProgress& progress,
                              Hasher* hasher = nullptr);

/// Hash of a value.
[[nodiscard]] std::string value_hash(TensorSource& source, std::size_t index,
                                     SaveProgress& progress);

/// Hash of the first few KiB of a value: cheap, and most values differ in it.
[[nodiscard]] std::string prefix_hash(TensorSource& source, std::size_t index);
[[nodiscard]] std::string prefix_hash(const io::InputFile& file, std::uint64_t position,
                                      std::uint64_t size);

}  // namespace lancekeep::store
