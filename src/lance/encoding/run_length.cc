// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/run_length.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lancekeep::lance {
namespace {

// `count` values are as many as the runs have, or fewer by a part of the last one.
template <typename T>
void repeat(const io::ByteView& values, const io::ByteView& lengths, std::uint64_t count,
            std::byte* to) {
  const std::byte* from = values.bytes().data();
  for (const std::byte length : lengths.bytes()) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    from += sizeof(T);
    std::uint64_t left = std::min<std::uint64_t>(std::to_integer<unsigned>(length), count);
    for (count -= left; left > 0; --left, to += sizeof(T)) std::memcpy(to, &value, sizeof(T));
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
  // pylance 1.0.4 writes last runs that reach beyond their chunk; only so much of them counts.
  const std::uint64_t sum = total(lengths);
  const std::uint64_t last =
      lengths.empty() ? 0 : std::to_integer<unsigned>(lengths.bytes().back());
  if (sum < count || (sum > count && sum - last >= count)) {
    lengths.fail(fmt::format("runs have {} values together, expected {}", sum, count));
  }
  const std::size_t before = out.size();
  out.resize(before + count * width);
  switch (width) {
    case 1:
      return repeat<std::uint8_t>(values, lengths, count, out.data() + before);
    case 2:
      return repeat<std::uint16_t>(values, lengths, count, out.data() + before);
    case 4:
      return repeat<std::uint32_t>(values, lengths, count, out.data() + before);
    case 8:
      return repeat<std::uint64_t>(values, lengths, count, out.data() + before);
    default:
      values.fail(ErrorCode::unsupported, fmt::format("runs of values of {} bytes each", width));
  }
}

}  // namespace lancekeep::lance
