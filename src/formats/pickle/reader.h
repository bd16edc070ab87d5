// SPDX-License-Identifier: Apache-2.0
// A pickle's bytes from front to back, through a window: nothing says how long a pickle is, and one
// that holds arrays is as large as they are. Long texts are passed over, and stay in the file. All
// numbers are little-endian; every read throws corrupt, naming `what`, where fewer bytes remain
// than it needs. One thread.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/value.h"
#include "io/byte_view.h"
#include "io/input_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

class PickleReader {
 public:
  /// The bytes from `start` to `end` of the file, which reach that far.
  PickleReader(const io::InputFile& file, std::uint64_t start, std::uint64_t end);
  /// Bytes that are in memory; then every text is kept, where it is.
  PickleReader(const io::ByteView& bytes);  // NOLINT(google-explicit-constructor)

  /// In the file.
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return end_ - at_; }
  [[nodiscard]] const std::string& file() const noexcept { return name_; }
  /// The bytes in memory; empty where they come from a file.
  [[nodiscard]] const io::ByteView& in_memory() const noexcept { return in_memory_; }

  std::uint8_t u8(std::string_view what) { return static_cast<std::uint8_t>(number(1, what)); }
  std::uint16_t u16(std::string_view what) { return static_cast<std::uint16_t>(number(2, what)); }
  std::uint32_t u32(std::string_view what) { return static_cast<std::uint32_t>(number(4, what)); }
  std::uint64_t u64(std::string_view what) { return number(8, what); }
  /// Kept up to kLongestKeptText; a kept text is there until the next read.
  PickleText text(std::uint64_t length, std::string_view what);
  /// Up to and without a line feed, which is within `longest` bytes; there until the next read.
  std::string_view line(std::size_t longest, std::string_view what);

  [[noreturn]] void fail(ErrorCode code, const std::string& problem, std::uint64_t offset) const;

 private:
  std::uint64_t number(std::size_t bytes, std::string_view what);
  void require(std::uint64_t bytes, std::string_view what) const;
  /// Brings the next `bytes` into the window and gives them.
  std::string_view window(std::size_t bytes);

  std::optional<io::InputFile> file_;
  std::string name_;
  io::ByteView in_memory_;
  io::ByteView window_;
  std::uint64_t at_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace lancekeep::formats
