// SPDX-License-Identifier: Apache-2.0
// Bounds the memory that reading a file's structures may take, by the bytes at hand: a pickle, a
// directory or a header of few bytes can ask for a great deal. Whoever keeps something for as long
// as the file is read takes it from the budget first. Values of tensors are not counted: they are
// streamed. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lancekeep::io {

class InputFile;

class MemoryBudget {
 public:
  /// 36 MiB and a 16th of the file.
  explicit MemoryBudget(const InputFile& file);
  MemoryBudget(std::uint64_t limit, std::string file);
  /// What files of so many bytes may have.
  [[nodiscard]] static std::uint64_t limit_for(std::uint64_t file_bytes) noexcept;

  /// @throws Error unsupported, naming `what` ("the pickle's values"), where `bytes` more do not
  /// fit.
  void take(std::uint64_t bytes, std::string_view what);
  /// For what was taken and is freed before the file has been read.
  void give_back(std::uint64_t bytes) noexcept { left_ += bytes; }
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

 private:
  std::uint64_t limit_;
  std::uint64_t left_;
  std::string file_;
};

}  // namespace lancekeep::io
