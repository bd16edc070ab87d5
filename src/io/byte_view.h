// SPDX-License-Identifier: Apache-2.0
// A read-only range of a file's bytes that knows its file and its offset in it, so that errors can
// name both. Copies share the owner (a mapping or a buffer) and keep it alive. All access to bytes
// from files goes through ByteView and ByteReader. Both compare the bytes that are needed with the
// bytes that remain, never with a sum that could wrap. A ByteView is immutable, and any thread may
// read it; a ByteReader belongs to one thread.
#pragma once

#include <lancekeep/error.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace lancekeep::io {

static_assert(sizeof(std::size_t) >= 8, "files of any size are mapped, so addresses need 64 bits");

class ByteView {
 public:
  ByteView() = default;
  /// `base` is the offset of bytes[0] in the file named `file`.
  ByteView(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string file,
           std::uint64_t base = 0);
  /// Owns a buffer.
  static ByteView of(std::string content, std::string file);

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string_view text() const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] std::uint64_t base() const noexcept { return base_; }
  [[nodiscard]] const std::string& file() const noexcept;
  [[nodiscard]] const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

  /// `length` bytes starting at `position`; throws corrupt, naming `what`, if the view is too
  /// short.
  [[nodiscard]] ByteView sub(std::uint64_t position, std::uint64_t length,
                             std::string_view what) const;
  /// Throws corrupt at byte `position` of this view.
  [[noreturn]] void fail(const std::string& message, std::uint64_t position = 0) const;
  [[noreturn]] void fail(ErrorCode code, const std::string& message,
                         std::uint64_t position = 0) const;

 private:
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::string> file_;
  std::uint64_t base_ = 0;
};

/// Reads a ByteView from front to back; all numbers are little-endian. Every read throws corrupt,
/// naming `what`, if too few bytes remain.
class ByteReader {
 public:
  explicit ByteReader(ByteView view) : view_(std::move(view)) {}

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return view_.size() - position_; }
  [[nodiscard]] const ByteView& view() const noexcept { return view_; }

  std::uint8_t u8(std::string_view what);
  std::uint16_t u16(std::string_view what);
  std::uint32_t u32(std::string_view what);
  std::uint64_t u64(std::string_view what);
  std::int64_t i64(std::string_view what) { return static_cast<std::int64_t>(u64(what)); }
  ByteView take(std::uint64_t length, std::string_view what);
  void skip(std::uint64_t length, std::string_view what) { (void)take(length, what); }
  /// Skips to the next multiple of `alignment`, counted from the start of the view (not of the
  /// file).
  void align(std::uint64_t alignment, std::string_view what);
  [[noreturn]] void fail(const std::string& message) const { view_.fail(message, position_); }

 private:
  ByteView view_;
  std::uint64_t position_ = 0;
};

}  // namespace lancekeep::io
