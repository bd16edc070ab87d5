// SPDX-License-Identifier: Apache-2.0
// The source of a save: checks of it, progress while it is read, and comparisons that do not keep
// its bytes.
#pragma once

#include <lancekeep/store.h>

#include "io/input_file.h"
#include "store/table/digest.h"

#include <string>

namespace lancekeep::store {

/// @throws Error invalid_argument, naming the tensor, for a name that is used twice, is too long or
/// is not UTF-8; a shape that is invalid or does not match the announced bytes; a tie to anything
/// but an earlier, untied tensor of the same dtype and shape.
void check_source(std::span<const TensorSpec> specs);

/// Counts the bytes of a model that are done, for SaveOptions::progress.
class SaveProgress {
 public:
  SaveProgress(const Progress& callback, std::uint64_t total)
      : callback_(callback), total_(total) {}
  /// An exception from the callback reaches the caller. 0 bytes only show that work goes on.
  void add(std::uint64_t bytes, const std::string& tensor);
  /// Reports that everything is done: shared tensors were not written, but count.
  void finish();

 private:
  const Progress& callback_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
};

/// Whether the value of source.tensors()[index] is in `file` at `position`. Reads both piece by
/// piece, up to the first difference; a file that cannot be read counts as different. If `hasher`
/// is not null, it gets the compared bytes as the file has them.
[[nodiscard]] bool has_same_bytes(TensorSource& source, std::size_t index,
                                  const io::InputFile& file, std::uint64_t position,
                                  SaveProgress& progress, Hasher* hasher = nullptr);

[[nodiscard]] std::string value_hash(TensorSource& source, std::size_t index,
                                     SaveProgress& progress);

/// The hash of the first few KiB of a value: cheap, and different for most values.
[[nodiscard]] std::string prefix_hash(TensorSource& source, std::size_t index);
[[nodiscard]] std::string prefix_hash(const io::InputFile& file, std::uint64_t position,
                                      std::uint64_t size);

}  // namespace lancekeep::store
