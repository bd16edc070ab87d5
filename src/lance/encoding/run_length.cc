// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/run_length.h"

#include <fmt/format.h>

#include <cstring>

namespace lancekeep::lance {
namespace {

template <typename T>
void repeat(const io::ByteView& values, const io::ByteView& lengths, std::byte* to) {
  const std::byte* from = values.bytes().data();
  for (const std::byte length : lengths.bytes()) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    from += sizeof(T);
    for (auto left = std::to_integer<unsigned>(length); left > 0; --left, to += sizeof(T)) {
      std::memcpy(to, &value, sizeof(T));
    }
  }
}

std::uint64_t total(const io::ByteView& lengths) {
  std::uint64_t sum = 0;
  for (const std::byte length : lengths.bytes()) sum += std::to_integer<unsigned>(length);
  return sum;
}

}  // namespace

void append_runs(const io::ByteView& values, const io::ByteView& lengths, std::uint32_t width,
                 std::uint64_t count, std::vector<std::byte>& out) {
  if (values.size() % width != 0 || values.size() / width != lengths.size()) {
    values.fail(fmt::format("{} run lengths for {} bytes of values of {} bytes each",
                            lengths.size(), values.size(), width));
  }
  if (const std::uint64_t sum = total(lengths); sum != count) {
    lengths.fail(fmt::format("runs have {} values together, expected {}", sum, count));
  }
  const std::size_t before = out.size();
  out.resize(before + count * width);
  switch (width) {
    case 1:
      return repeat<std::uint8_t>(values, lengths, out.data() + before);
    case 2:
      return repeat<std::uint16_t>(values, lengths, out.data() + before);
    case 4:
      return repeat<std::uint32_t>(values, lengths, out.data() + before);
    case 8:
      return repeat<std::uint64_t>(values, lengths, out.data() + before);
    default:
      values.fail(ErrorCode::unsupported, fmt::format("runs of values of {} bytes each", width));
  }
}

}  // namespace lancekeep::lance
