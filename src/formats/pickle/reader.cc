// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kWindow = 256 << 10;
static_assert(kWindow >= kLongestKeptText);

}  // namespace

PickleReader::PickleReader(const io::InputFile& file, std::uint64_t start, std::uint64_t end)
    : file_(file), name_(file.name()), at_(start), end_(end) {}

PickleReader::PickleReader(const io::ByteView& bytes)
    : name_(bytes.file()),
      in_memory_(bytes),
      window_(bytes),
      at_(bytes.base()),
      end_(bytes.base() + bytes.size()) {}

void PickleReader::fail(ErrorCode code, const std::string& problem, std::uint64_t offset) const {
  throw Error(code, problem, name_, offset);
}

void PickleReader::require(std::uint64_t bytes, std::string_view what) const {
  if (bytes <= remaining()) return;
  fail(ErrorCode::corrupt,
       fmt::format("{} needs {} bytes, but only {} remain", what, bytes, remaining()), at_);
}

std::string_view PickleReader::window(std::size_t bytes) {
  const bool is_there = at_ >= window_.base() && at_ - window_.base() <= window_.size() &&
                        bytes <= window_.size() - (at_ - window_.base());
  if (!is_there) window_ = file_->read(at_, std::min(remaining(), kWindow), "a pickle");
  return window_.text().substr(at_ - window_.base(), bytes);
}

std::uint64_t PickleReader::number(std::size_t bytes, std::string_view what) {
  require(bytes, what);
  const std::string_view digits = window(bytes);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(digits[i])) << (8 * i);
  }
  at_ += bytes;
  return value;
}

PickleText PickleReader::text(std::uint64_t length, std::string_view what) {
  require(length, what);
  const bool kept = !file_ || length <= kLongestKeptText;
  const PickleText text{kept ? window(length).data() : nullptr, at_, length};
  at_ += length;
  return text;
}

std::string_view PickleReader::line(std::size_t longest, std::string_view what) {
  const std::string_view rest = window(std::min<std::uint64_t>(longest, remaining()));
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) {
    fail(ErrorCode::corrupt, fmt::format("{} does not end within {} bytes", what, rest.size()),
         at_);
  }
  at_ += end + 1;
  return rest.substr(0, end);
}

}  // namespace lancekeep::formats
