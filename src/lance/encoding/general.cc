// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/general.h"

#include "io/checked_math.h"

#include <fmt/format.h>
#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <vector>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kMaxRawBytes = std::uint64_t{1} << 30;
// An LZ4 sequence grows by at most 255 bytes for each of its bytes; a zstd block holds at most 128
// KiB and takes at least 4 bytes.
constexpr std::uint64_t kLz4Ratio = 255;
constexpr std::uint64_t kZstdRatio = 32768;

std::vector<std::byte> allocate(const io::ByteView& body, std::uint64_t raw_size,
                                std::uint64_t ratio, std::uint64_t most) {
  const auto can_hold = io::checked_mul(body.size(), ratio).value_or(kMaxRawBytes);
  const std::uint64_t limit = std::min({can_hold, most, kMaxRawBytes});
  if (raw_size > limit) {
    body.fail(
        fmt::format("{} compressed bytes claim to hold {} bytes, more than they can, or than the "
                    "page has a use for (limit {})",
                    body.size(), raw_size, limit));
  }
  return std::vector<std::byte>(raw_size);
}

std::vector<std::byte> decompress_lz4(const io::ByteView& body, std::uint64_t raw_size,
                                      std::uint64_t most) {
  if (body.size() > LZ4_MAX_INPUT_SIZE) body.fail("an LZ4 block is larger than LZ4 allows");
  std::vector<std::byte> raw = allocate(body, raw_size, kLz4Ratio, most);
  std::byte none{};
  const int size = LZ4_decompress_safe(body.text().data(),
                                       reinterpret_cast<char*>(raw.empty() ? &none : raw.data()),
                                       static_cast<int>(body.size()), static_cast<int>(raw_size));
  if (size < 0 || static_cast<std::uint64_t>(size) != raw_size) {
    body.fail(fmt::format("an LZ4 block does not decompress to the {} bytes it claims", raw_size));
  }
  return raw;
}

std::vector<std::byte> decompress_zstd(const io::ByteView& body, std::uint64_t raw_size,
                                       std::uint64_t most) {
  std::vector<std::byte> raw = allocate(body, raw_size, kZstdRatio, most);
  const std::size_t size =
      ZSTD_decompress(raw.data(), raw.size(), body.bytes().data(), body.size());
  if (ZSTD_isError(size) != 0) {
    body.fail(fmt::format("a zstd frame is damaged ({})", ZSTD_getErrorName(size)));
  }
  if (size != raw_size) {
    body.fail(fmt::format("a zstd frame holds {} bytes, expected {}", size, raw_size));
  }
  return raw;
}

}  // namespace

io::ByteView decompress(const io::ByteView& buffer, GeneralScheme scheme, std::uint64_t most) {
  io::ByteReader reader(buffer);
  std::vector<std::byte> raw;
  switch (scheme) {
    case GeneralScheme::none:
      return buffer;
    case GeneralScheme::lz4: {
      const std::uint64_t raw_size = reader.u32("the raw size of an LZ4 block");
      raw = decompress_lz4(reader.take(reader.remaining(), "an LZ4 block"), raw_size, most);
      break;
    }
    case GeneralScheme::zstd: {
      const std::uint64_t raw_size = reader.u64("the raw size of a zstd frame");
      raw = decompress_zstd(reader.take(reader.remaining(), "a zstd frame"), raw_size, most);
      break;
    }
  }
  const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(raw));
  return {*owner, owner, buffer.file(), buffer.base()};
}

}  // namespace lancekeep::lance
