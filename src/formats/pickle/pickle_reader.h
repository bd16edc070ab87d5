// SPDX-License-Identifier: Apache-2.0
// Reads the bytes of a pickle front to back through a window, because the length of a pickle is
// unknown, and a pickle that contains arrays is as large as they are. Long strings are skipped and
// stay in the file. Numbers are little-endian. Every read throws corrupt, naming `what`, if too few
// bytes remain. One thread.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/opcode.h"
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
  /// Reads the bytes from `start` to `end`, which must be within the file.
  PickleReader(const io::InputFile& file, std::uint64_t start, std::uint64_t end);
  /// Reads bytes in memory; strings are kept without copying.
  PickleReader(const io::ByteView& bytes);  // NOLINT(google-explicit-constructor)

  /// Offset in the file.
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return end_ - at_; }
  [[nodiscard]] const std::string& file() const noexcept { return name_; }
  /// The bytes in memory; empty if they come from a file.
  [[nodiscard]] const io::ByteView& in_memory() const noexcept { return in_memory_; }

  std::uint8_t u8(std::string_view what) { return static_cast<std::uint8_t>(number(1, what)); }
  std::uint16_t u16(std::string_view what) { return static_cast<std::uint16_t>(number(2, what)); }
  std::uint32_t u32(std::string_view what) { return static_cast<std::uint32_t>(number(4, what)); }
  std::uint64_t u64(std::string_view what) { return number(8, what); }
  /// Reads a string, which is kept in memory if it has at most kLongestKeptText bytes. Valid until
  /// the next read.
  PickleText text(std::uint64_t length, std::string_view what);
  /// Returns a line of at most `longest` bytes without its line feed; valid until the next read.
  std::string_view line(std::size_t longest, std::string_view what);

  [[noreturn]] void fail(ErrorCode code, const std::string& problem, std::uint64_t offset) const;

 private:
  std::uint64_t number(std::size_t bytes, std::string_view what);
  void require(std::uint64_t bytes, std::string_view what) const;
  /// Reads the next `bytes` bytes into the window and returns them.
  std::string_view window(std::size_t bytes);

  std::optional<io::InputFile> file_;
  std::string name_;
  io::ByteView in_memory_;
  io::ByteView window_;
  std::uint64_t at_ = 0;
  std::uint64_t end_ = 0;
};

/// Reads the argument of an opcode that pushes one number, string, bytes object or None, and adds
/// it to the document; nullopt for any other opcode.
/// @throws Error corrupt if the value is cut short, or if its length is negative or absurd;
/// unsupported if the budget does not suffice.
[[nodiscard]] std::optional<PickleValue> read_scalar(Opcode opcode, PickleReader& in,
                                                     PickleDocument& document);

}  // namespace lancekeep::formats
