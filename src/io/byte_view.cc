// SPDX-License-Identifier: Apache-2.0
#include "io/byte_view.h"

#include "io/checked_math.h"

#include <fmt/format.h>

#include <utility>

namespace lancekeep::io {
namespace {

void require(const ByteView& view, std::uint64_t position, std::uint64_t length,
             std::string_view what) {
  if (position > view.size()) {
    view.fail(fmt::format("{} would start at byte {} of a range that has only {} bytes", what,
                          position, view.size()),
              position);
  }
  const std::uint64_t remaining = view.size() - position;
  if (length > remaining) {
    view.fail(fmt::format("{} needs {} bytes, but only {} remain", what, length, remaining),
              position);
  }
}

// Byte by byte, so that neither the host's byte order nor alignment matters; compilers turn it into
// one load.
template <std::unsigned_integral T>
T load(const ByteView& view, std::uint64_t& position, std::string_view what) {
  require(view, position, sizeof(T), what);
  const auto bytes = view.bytes().subspan(position, sizeof(T));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  }
  position += sizeof(T);
  return static_cast<T>(value);
}

}  // namespace

ByteView::ByteView(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                   std::string file, std::uint64_t base)
    : bytes_(bytes),
      owner_(std::move(owner)),
      file_(std::make_shared<const std::string>(std::move(file))),
      base_(base) {}

ByteView ByteView::of(std::string content, std::string file) {
  const auto owner = std::make_shared<const std::string>(std::move(content));
  return ByteView(std::as_bytes(std::span(owner->data(), owner->size())), owner, std::move(file));
}

std::string_view ByteView::text() const noexcept {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

const std::string& ByteView::file() const noexcept {
  static const std::string nameless;
  return file_ ? *file_ : nameless;
}

ByteView ByteView::sub(std::uint64_t position, std::uint64_t length, std::string_view what) const {
  require(*this, position, length, what);
  ByteView part = *this;
  part.bytes_ = bytes_.subspan(position, length);
  part.base_ = base_ + position;
  return part;
}

void ByteView::fail(const std::string& message, std::uint64_t position) const {
  fail(ErrorCode::corrupt, message, position);
}

void ByteView::fail(ErrorCode code, const std::string& message, std::uint64_t position) const {
  // A position from the file can be so large that the sum overflows; then the offset is unset.
  throw Error(code, message, file(), checked_add(base_, position));
}

std::uint8_t ByteReader::u8(std::string_view what) {
  return load<std::uint8_t>(view_, position_, what);
}
std::uint16_t ByteReader::u16(std::string_view what) {
  return load<std::uint16_t>(view_, position_, what);
}
std::uint32_t ByteReader::u32(std::string_view what) {
  return load<std::uint32_t>(view_, position_, what);
}
std::uint64_t ByteReader::u64(std::string_view what) {
  return load<std::uint64_t>(view_, position_, what);
}

ByteView ByteReader::take(std::uint64_t length, std::string_view what) {
  ByteView part = view_.sub(position_, length, what);
  position_ += length;
  return part;
}

void ByteReader::align(std::uint64_t alignment, std::string_view what) {
  const auto next = checked_align(position_, alignment);
  if (!next) fail(fmt::format("{} has no next multiple of {}", what, alignment));
  skip(*next - position_, what);
}

}  // namespace lancekeep::io
