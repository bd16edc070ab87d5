// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/bitpacking.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

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
    buffer.fail(fmt::format("{} values are to be in one bit-packed block, which holds {}", count,
                            kPackedValues));
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

}  // namespace lancekeep::lance
