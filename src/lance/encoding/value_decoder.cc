// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/value_decoder.h"

#include "io/checked_math.h"
#include "lance/encoding/codecs.h"
#include "lance/encoding/fixed_width.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <optional>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t kSmallBits = 256;  // items of this size are bounded by their number

bool is_variable(const Compression& compression) {
  switch (compression.kind) {
    case EncodingKind::variable:
      return true;
    case EncodingKind::general:
      return is_variable(compression.child());
    case EncodingKind::fsst:
      if (compression.child().kind != EncodingKind::variable) compression.unsupported("values");
      return true;
    default:
      return false;
  }
}

// The most bytes that a buffer of `count` values, or of their offsets and strings, can take.
std::uint64_t max_raw_bytes(const Compression& compression, std::uint64_t count,
                            std::uint64_t max_string_bytes) {
  constexpr std::uint64_t kOffsetBytes = 8;
  constexpr std::uint64_t kFurtherNumbers =
      3;  // one offset more than values; the header of a block
  if (!is_variable(compression)) return max_encoded_bytes(compression, count);
  const auto numbers = io::checked_add(count, kFurtherNumbers);
  const auto offsets = numbers ? io::checked_mul(*numbers, kOffsetBytes) : std::nullopt;
  const auto sum = offsets ? io::checked_add(*offsets, max_string_bytes) : std::nullopt;
  return sum.value_or(std::numeric_limits<std::uint64_t>::max());
}

// General compression is applied to a chunk's first buffer only.
void append_decompressed(const Compression& compression, std::span<const io::ByteView> buffers,
                         std::uint64_t count, std::uint64_t max_bytes, Array& values) {
  std::vector<io::ByteView> raw(buffers.begin(), buffers.end());
  raw.at(0) = decompress(chunk_buffer(compression, buffers, 0), compression.scheme,
                         max_raw_bytes(compression.child(), count, max_bytes));
  append_chunk_values(compression.child(), raw, count, max_bytes, values);
}

// The bitmap, if any, comes before the values. Only the innermost lists may have one.
void append_lists(const Compression& compression, std::span<const io::ByteView> buffers,
                  std::uint64_t count, Array& values) {
  const Compression* list = &compression;
  std::uint64_t total = count;
  while (true) {
    const auto product = io::checked_mul(total, list->dimension);
    if (!product) compression.message.fail("fixed-size lists have more than 2^64 values");
    total = *product;
    if (list->child().kind != EncodingKind::fixed_size_list) break;
    if (list->has_validity) compression.unsupported("a chunk's values");
    list = &list->child();
  }
  if (list->has_validity) {
    append_validity(chunk_buffer(compression, buffers, 0), total, values.value_valid);
    buffers = buffers.subspan(1);
  }
  (void)chunk_buffer(compression, buffers, 0);
  append_fixed_chunk(list->child(), buffers, total, values.data);
  values.items += count;
}

template <typename Index>
Index index_at(std::span<const std::byte> indices, std::size_t i) {
  Index index;
  std::memcpy(&index, indices.data() + i * sizeof(Index), sizeof(Index));
  return index;
}

void append_item(const Array& from, std::uint64_t item, Array& to) {
  std::uint64_t start = item * (from.item_bits / 8);
  std::uint64_t size = from.item_bits / 8;
  if (from.item_bits == 0) {
    start = from.offsets[item];
    size = from.offsets[item + 1] - start;
    to.offsets.push_back(to.data.size() + size);
  }
  const auto bytes = std::span(from.data).subspan(start, size);
  to.data.insert(to.data.end(), bytes.begin(), bytes.end());
  ++to.items;
}

template <typename Index>
void append_looked_up(const Array& dictionary, const io::ByteView& page,
                      std::span<const std::byte> indices, std::uint64_t max_bytes, Array& values) {
  const std::size_t count = indices.size() / sizeof(Index);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t index = index_at<Index>(indices, i);
    if (index >= dictionary.items) {
      page.fail(fmt::format("a value is entry {} of a dictionary of {}", index, dictionary.items));
    }
    append_item(dictionary, index, values);
    const bool is_small = dictionary.item_bits != 0 && dictionary.item_bits <= kSmallBits;
    if (!is_small && values.data.size() > max_bytes) {
      page.fail(fmt::format("the values of a dictionary take more than {} bytes", max_bytes));
    }
  }
}

// Offsets as they are in the file. Call check_offsets() before using them.
struct Offsets {
  io::ByteView table;
  std::uint32_t width = 0;

  [[nodiscard]] std::uint64_t operator[](std::uint64_t index) const {
    const std::byte* at = table.bytes().data() + index * width;
    if (width == 4) {
      std::uint32_t offset;
      std::memcpy(&offset, at, sizeof(offset));
      return offset;
    }
    std::uint64_t offset;
    std::memcpy(&offset, at, sizeof(offset));
    return offset;
  }
};

Offsets take_offsets(io::ByteReader& reader, std::uint32_t bits, std::uint64_t count) {
  const std::uint32_t width = bits / 8;
  const auto entries = io::checked_add<std::uint64_t>(count, 1);
  const auto size = entries ? io::checked_mul<std::uint64_t>(*entries, width) : std::nullopt;
  return {reader.take(size.value_or(std::numeric_limits<std::uint64_t>::max()), "value offsets"),
          width};
}

// Offsets must ascend, from at least `first` to at most `end`.
void check_offsets(const Offsets& offsets, std::uint64_t count, std::uint64_t first,
                   std::uint64_t end) {
  std::uint64_t before = first;
  for (std::uint64_t i = 0; i <= count; ++i) {
    const std::uint64_t offset = offsets[i];
    if (offset < before || offset > end) {
      offsets.table.fail(
          fmt::format("value offset {} is {}, expected {} to {}", i, offset, before, end),
          i * offsets.width);
    }
    before = offset;
  }
}

// `bytes` is what the offsets point into.
void append_plain(const Offsets& offsets, std::uint64_t count, const io::ByteView& bytes,
                  Array& values) {
  const std::uint64_t first = offsets[0];
  const std::uint64_t shift = values.offsets.back();
  for (std::uint64_t i = 1; i <= count; ++i) values.offsets.push_back(offsets[i] - first + shift);
  const auto used = bytes.bytes().subspan(first, offsets[count] - first);
  values.data.insert(values.data.end(), used.begin(), used.end());
}

void append_decoded(const Offsets& offsets, std::uint64_t count, const io::ByteView& bytes,
                    const SymbolTable& symbols, Array& values) {
  for (std::uint64_t i = 0; i < count; ++i) {
    symbols.append(bytes.bytes().subspan(offsets[i], offsets[i + 1] - offsets[i]), bytes,
                   values.data);
    values.offsets.push_back(values.data.size());
  }
}

}  // namespace

Array empty_values(const Compression& compression) {
  Array values;
  set_type(values, is_variable(compression) ? 0 : fixed_bits(compression));
  if (!is_variable(compression)) values.dimension = dimension(compression);
  return values;
}

void append_chunk_values(const Compression& compression, std::span<const io::ByteView> buffers,
                         std::uint64_t count, std::uint64_t max_bytes, Array& values) {
  switch (compression.kind) {
    case EncodingKind::general:
      return append_decompressed(compression, buffers, count, max_bytes, values);
    case EncodingKind::variable:
      return append_variable_chunk(chunk_buffer(compression, buffers, 0), offset_bits(compression),
                                   count, nullptr, values);
    case EncodingKind::fsst: {
      const SymbolTable symbols(compression.symbol_table);
      return append_variable_chunk(chunk_buffer(compression, buffers, 0),
                                   offset_bits(compression.child()), count, &symbols, values);
    }
    case EncodingKind::fixed_size_list:
      return append_lists(compression, buffers, count, values);
    default:
      append_fixed_chunk(compression, buffers, count, values.data);
      values.items += count;
  }
}

Array decode_block(const Compression& compression, const io::ByteView& block, std::uint64_t count,
                   std::uint64_t max_bytes) {
  if (compression.kind == EncodingKind::general) {
    const std::uint64_t most = max_raw_bytes(compression.child(), count, max_bytes);
    return decode_block(compression.child(), decompress(block, compression.scheme, most), count,
                        max_bytes);
  }
  Array values = empty_values(compression);
  if (compression.kind == EncodingKind::variable) {
    append_variable_block(block, offset_bits(compression), count, values);
  } else {
    values.data = decode_fixed_block(compression, block, count);
    values.items = count;
  }
  return values;
}

void append_dictionary_values(const Array& dictionary, const io::ByteView& page,
                              std::uint32_t index_bits, std::span<const std::byte> indices,
                              std::uint64_t max_bytes, Array& values) {
  switch (index_bits) {
    case 8:
      return append_looked_up<std::uint8_t>(dictionary, page, indices, max_bytes, values);
    case 16:
      return append_looked_up<std::uint16_t>(dictionary, page, indices, max_bytes, values);
    case 32:
      return append_looked_up<std::uint32_t>(dictionary, page, indices, max_bytes, values);
    case 64:
      return append_looked_up<std::uint64_t>(dictionary, page, indices, max_bytes, values);
    default:
      page.fail(ErrorCode::unsupported,
                fmt::format("dictionary indices of {} bits, expected 8, 16, 32 or 64", index_bits));
  }
}

std::uint32_t offset_bits(const Compression& variable) {
  const Compression& offsets = variable.child();
  if (offsets.kind != EncodingKind::flat || (offsets.bits != 32 && offsets.bits != 64)) {
    variable.unsupported("values of variable width");
  }
  return static_cast<std::uint32_t>(offsets.bits);
}

void append_variable_chunk(const io::ByteView& buffer, std::uint32_t bits, std::uint64_t count,
                           const SymbolTable* symbols, Array& values) {
  io::ByteReader reader(buffer);
  const Offsets offsets = take_offsets(reader, bits, count);
  check_offsets(offsets, count, reader.position(), buffer.size());
  if (symbols != nullptr && symbols->compresses()) {
    append_decoded(offsets, count, buffer, *symbols, values);
  } else {
    append_plain(offsets, count, buffer, values);
  }
  values.items += count;
}

void append_variable_block(const io::ByteView& block, std::uint32_t bits, std::uint64_t count,
                           Array& values) {
  io::ByteReader reader(block);
  const bool wide = bits == 64;
  const std::uint64_t written_bits =
      wide ? reader.u64("the width of offsets") : reader.u32("the width of offsets");
  if (written_bits != bits) {
    block.fail(fmt::format("a block's offsets have {} bits, expected {}", written_bits, bits));
  }
  const std::uint64_t start =
      wide ? reader.u64("where values start") : reader.u32("where values start");
  const Offsets offsets = take_offsets(reader, bits, count);
  if (start < reader.position() || start > block.size()) {
    reader.fail(fmt::format("a block's values start at {}, expected {} to {}", start,
                            reader.position(), block.size()));
  }
  const io::ByteView bytes = block.sub(start, block.size() - start, "a block's values");
  check_offsets(offsets, count, 0, bytes.size());
  append_plain(offsets, count, bytes, values);
  values.items += count;
}

}  // namespace lancekeep::lance
