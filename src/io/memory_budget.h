// SPDX-License-Identifier: Apache-2.0
// Limits on the memory that a file's content can demand: a buffer whose size the file claims, or
// the structures of a pickle, a directory or a header, which a few bytes can make large.
#pragma once

#include <lancekeep/error.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace lancekeep::io {

class InputFile;

/// Bytes that can be allocated without swapping, as the system estimates.
[[nodiscard]] std::uint64_t available_memory();

/// Throws io, naming `file`, if `length` exceeds the available memory.
void require_memory(std::uint64_t length, const std::string& file);

/// Limits the memory of a file's structures by the file's size: code that keeps memory while the
/// file is read takes it from the budget first. Values of tensors do not count, since they are
/// streamed. Content that takes much of the file, such as a vocabulary, raises the limit with
/// grant(); structure that takes few bytes does not. One thread at a time.
class MemoryBudget {
 public:
  /// 36 MiB plus a 16th of the file.
  explicit MemoryBudget(const InputFile& file);
  MemoryBudget(std::uint64_t limit, std::string file);
  /// The limit in bytes for files of this size.
  [[nodiscard]] static std::uint64_t limit_for(std::uint64_t file_bytes) noexcept;

  /// @throws Error unsupported, naming `what` ("the pickle's values"), if fewer bytes are left.
  void take(std::uint64_t bytes, std::string_view what);
  /// Whether the error is one that take() throws.
  [[nodiscard]] static bool was_exceeded(const Error& error);
  /// Raises the limit, because the file has content that deserves memory: `bytes` must be in
  /// proportion to the bytes of the file that hold the content.
  void grant(std::uint64_t bytes) noexcept {
    limit_ += bytes;
    left_ += bytes;
  }
  /// Returns memory that was taken from the budget and is freed before the file has been read.
  void give_back(std::uint64_t bytes) noexcept { left_ += bytes; }
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

 private:
  std::uint64_t limit_;
  std::uint64_t left_;
  std::string file_;
};

}  // namespace lancekeep::io
