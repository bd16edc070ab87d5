// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/codecs.h"

#include "io/checked_math.h"

#include <fmt/format.h>
#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <vector>

namespace lancekeep::lance {
namespace {

constexpr std::array<std::size_t, 8> kRowOrder = {0, 4, 2, 6, 1, 5, 3, 7};

std::uint64_t packed_size(std::uint64_t packed_bits) { return kPackedValues / 8 * packed_bits; }

void check_packed_bits(const io::ByteView& buffer, std::uint64_t packed_bits, std::uint32_t bits) {
  if (packed_bits > bits) {
    buffer.fail(fmt::format("values of {} bits are packed to {} bits", bits, packed_bits));
  }
}

// `packed` holds packed_size(packed_bits) bytes.
template <typename T>
void unpack(std::span<const std::byte> packed, unsigned packed_bits,
            std::array<T, kPackedValues>& out) {
  constexpr unsigned bits = std::numeric_limits<T>::digits;
  constexpr std::size_t lanes = kPackedValues / bits;
  std::array<T, kPackedValues> words;
  std::memcpy(words.data(), packed.data(), packed.size());
  const T mask = static_cast<T>(std::numeric_limits<T>::max() >> (bits - packed_bits));
  for (unsigned row = 0; row < bits; ++row) {
    const unsigned shift = row * packed_bits % bits;
    const T* low = words.data() + row * packed_bits / bits * lanes;
    T* to = out.data() + kRowOrder[row / 8] * 16 + row % 8 * 128;
    if (shift + packed_bits <= bits) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        to[lane] = static_cast<T>(static_cast<T>(low[lane] >> shift) & mask);
      }
    } else {
      const T* high = low + lanes;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        to[lane] = static_cast<T>(
            (static_cast<T>(low[lane] >> shift) | static_cast<T>(high[lane] << (bits - shift))) &
            mask);
      }
    }
  }
}

void append(std::span<const std::byte> bytes, std::vector<std::byte>& out) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

template <typename T>
void append_unpacked(const io::ByteView& packed, std::uint64_t packed_bits, std::uint64_t count,
                     std::vector<std::byte>& out) {
  if (packed_bits == 0) {
    out.resize(out.size() + count * sizeof(T));
    return;
  }
  std::array<T, kPackedValues> values;
  unpack<T>(packed.bytes(), static_cast<unsigned>(packed_bits), values);
  append(std::as_bytes(std::span(values).first(count)), out);
}

template <typename T>
void append_inline(const io::ByteView& buffer, std::uint64_t count, std::vector<std::byte>& out) {
  if (count == 0) return;
  if (count > kPackedValues) {
    buffer.fail(
        fmt::format("a bit-packed block of {} values, expected at most {}", count, kPackedValues));
  }
  T packed_bits = 0;
  std::memcpy(&packed_bits,
              buffer.sub(0, sizeof(T), "the width of bit-packed values").bytes().data(), sizeof(T));
  check_packed_bits(buffer, packed_bits, std::numeric_limits<T>::digits);
  append_unpacked<T>(buffer.sub(sizeof(T), packed_size(packed_bits), "bit-packed values"),
                     packed_bits, count, out);
}

template <typename T>
void append_out_of_line(const io::ByteView& buffer, std::uint64_t packed_bits, std::uint64_t count,
                        std::vector<std::byte>& out) {
  io::ByteReader reader(buffer);
  while (count > 0) {
    const std::uint64_t now = std::min(count, kPackedValues);
    if (now < kPackedValues && packed_bits > 0 && reader.remaining() == now * sizeof(T)) {
      append(reader.take(reader.remaining(), "the last values").bytes(), out);
    } else {
      append_unpacked<T>(reader.take(packed_size(packed_bits), "bit-packed values"), packed_bits,
                         now, out);
    }
    count -= now;
  }
}

// Writes `count` values; the last run can be cut short.
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

constexpr std::uint64_t kFsstMagic = 0x46535354;
constexpr std::uint64_t kCompressedFlag = std::uint64_t{1} << 24;
constexpr unsigned kEscape = 255;
constexpr unsigned kLongestSymbol = 8;

constexpr std::uint64_t kMaxRawBytes = std::uint64_t{1} << 30;
// An LZ4 sequence expands by at most 255 bytes per byte; a zstd block decompresses to at most 128
// KiB and takes at least 4 bytes.
constexpr std::uint64_t kLz4Ratio = 255;
constexpr std::uint64_t kZstdRatio = 32768;

std::vector<std::byte> allocate(const io::ByteView& body, std::uint64_t raw_size,
                                std::uint64_t ratio, std::uint64_t most) {
  const auto capacity = io::checked_mul(body.size(), ratio).value_or(kMaxRawBytes);
  const std::uint64_t limit = std::min({capacity, most, kMaxRawBytes});
  if (raw_size > limit) {
    body.fail(
        fmt::format("{} compressed bytes claim to decompress to {} bytes, expected at most {}",
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

void append_inline_bitpacked(const io::ByteView& buffer, std::uint32_t bits, std::uint64_t count,
                             std::vector<std::byte>& out) {
  switch (bits) {
    case 8:
      return append_inline<std::uint8_t>(buffer, count, out);
    case 16:
      return append_inline<std::uint16_t>(buffer, count, out);
    case 32:
      return append_inline<std::uint32_t>(buffer, count, out);
    case 64:
      return append_inline<std::uint64_t>(buffer, count, out);
    default:
      buffer.fail(fmt::format("bit-packed values of {} bits, expected 8, 16, 32 or 64", bits));
  }
}

void append_out_of_line_bitpacked(const io::ByteView& buffer, std::uint32_t bits,
                                  std::uint64_t packed_bits, std::uint64_t count,
                                  std::vector<std::byte>& out) {
  check_packed_bits(buffer, packed_bits, bits);
  switch (bits) {
    case 8:
      return append_out_of_line<std::uint8_t>(buffer, packed_bits, count, out);
    case 16:
      return append_out_of_line<std::uint16_t>(buffer, packed_bits, count, out);
    case 32:
      return append_out_of_line<std::uint32_t>(buffer, packed_bits, count, out);
    case 64:
      return append_out_of_line<std::uint64_t>(buffer, packed_bits, count, out);
    default:
      buffer.fail(fmt::format("bit-packed values of {} bits, expected 8, 16, 32 or 64", bits));
  }
}

void append_runs(const io::ByteView& values, const io::ByteView& lengths, std::uint32_t width,
                 std::uint64_t count, std::vector<std::byte>& out) {
  if (values.size() % width != 0 || values.size() / width != lengths.size()) {
    values.fail(fmt::format("{} run lengths for {} bytes of values of {} bytes each",
                            lengths.size(), values.size(), width));
  }
  // In files of pylance 1.0.4 the last run of a chunk can be too long; the excess is ignored.
  const std::uint64_t sum = total(lengths);
  const std::uint64_t last =
      lengths.empty() ? 0 : std::to_integer<unsigned>(lengths.bytes().back());
  if (sum < count || (sum > count && sum - last >= count)) {
    lengths.fail(fmt::format("runs have {} values in total, expected {}", sum, count));
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
      values.fail(
          ErrorCode::unsupported,
          fmt::format("runs of {}-byte values; this build reads 1, 2, 4 and 8 bytes", width));
  }
}

SymbolTable::SymbolTable(const io::ByteView& table) {
  io::ByteReader reader(table);
  const std::uint64_t header = reader.u64("the header of an FSST symbol table");
  if (header >> 32 != kFsstMagic) {
    table.fail(fmt::format("an FSST symbol table starts with {:#x}, expected {:#x}", header >> 32,
                           kFsstMagic));
  }
  compresses_ = (header & kCompressedFlag) != 0;
  if (!compresses_) return;
  size_ = static_cast<unsigned>(header & 0xff);
  const io::ByteView symbols = reader.take(std::uint64_t{size_} * kLongestSymbol, "FSST symbols");
  if (size_ > 0) std::memcpy(symbols_.data(), symbols.bytes().data(), symbols.size());
  for (unsigned code = 0; code < size_; ++code) {
    lengths_[code] = reader.u8("the length of an FSST symbol");
    if (lengths_[code] == 0 || lengths_[code] > kLongestSymbol) {
      reader.fail(
          fmt::format("FSST symbol {} has {} bytes, expected 1 to 8", code, lengths_[code]));
    }
  }
}

void SymbolTable::append(std::span<const std::byte> codes, const io::ByteView& page,
                         std::vector<std::byte>& out) const {
  std::size_t end = out.size();
  out.resize(end + codes.size() * kLongestSymbol);  // shrunk below; a code has at most 8 bytes
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = std::to_integer<unsigned>(codes[i]);
    if (code == kEscape) {
      if (++i == codes.size()) page.fail("an FSST value ends with an escape code");
      out[end++] = codes[i];
    } else if (code < size_) {
      std::memcpy(out.data() + end, symbols_[code].data(), kLongestSymbol);
      end += lengths_[code];
    } else {
      page.fail(fmt::format("an FSST value has code {}, but the symbol table has {} symbols", code,
                            size_));
    }
  }
  out.resize(end);
}

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
