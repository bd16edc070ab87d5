// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/values.h"

#include "io/checked_math.h"
#include "lance/encoding/fixed_width.h"
#include "lance/encoding/general.h"
#include "lance/encoding/variable_width.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t kSmallBits = 256;  // items of so many are bounded by their number

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

// What a buffer of `count` values, or their offsets and texts, takes at most.
std::uint64_t most_raw_bytes(const Compression& compression, std::uint64_t count,
                             std::uint64_t max_text_bytes) {
  constexpr std::uint64_t kBytesOfOffset = 8;
  constexpr std::uint64_t kFurtherNumbers = 3;  // an offset more than values; a block has a header
  if (!is_variable(compression)) return most_fixed_bytes(compression, count);
  const auto numbers = io::checked_add(count, kFurtherNumbers);
  const auto offsets = numbers ? io::checked_mul(*numbers, kBytesOfOffset) : std::nullopt;
  const auto sum = offsets ? io::checked_add(*offsets, max_text_bytes) : std::nullopt;
  return sum.value_or(std::numeric_limits<std::uint64_t>::max());
}

// General compression stands around a chunk's first buffer only.
void append_decompressed(const Compression& compression, std::span<const io::ByteView> buffers,
                         std::uint64_t count, std::uint64_t max_bytes, Array& values) {
  std::vector<io::ByteView> raw(buffers.begin(), buffers.end());
  raw.at(0) = decompress(chunk_buffer(compression, buffers, 0), compression.scheme,
                         most_raw_bytes(compression.child(), count, max_bytes));
  append_chunk_values(compression.child(), raw, count, max_bytes, values);
}

// One bitmap, where there is one, before the values. Only the innermost lists may have it.
void append_lists(const Compression& compression, std::span<const io::ByteView> buffers,
                  std::uint64_t count, Array& values) {
  const Compression* list = &compression;
  std::uint64_t in_all = count;
  while (true) {
    const auto product = io::checked_mul(in_all, list->dimension);
    if (!product) compression.message.fail("fixed size lists have more than 2^64 values");
    in_all = *product;
    if (list->child().kind != EncodingKind::fixed_size_list) break;
    if (list->has_validity) compression.unsupported("a chunk's values");
    list = &list->child();
  }
  if (list->has_validity) {
    append_validity(chunk_buffer(compression, buffers, 0), in_all, values.value_valid);
    buffers = buffers.subspan(1);
  }
  (void)chunk_buffer(compression, buffers, 0);
  append_fixed_chunk(list->child(), buffers, in_all, values.data);
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
      page.fail(fmt::format("a value is item {} of a dictionary of {}", index, dictionary.items));
    }
    append_item(dictionary, index, values);
    const bool is_small = dictionary.item_bits != 0 && dictionary.item_bits <= kSmallBits;
    if (!is_small && values.data.size() > max_bytes) {
      page.fail(fmt::format("a dictionary's items repeat to more than {} bytes", max_bytes));
    }
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
    const std::uint64_t most = most_raw_bytes(compression.child(), count, max_bytes);
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
      page.fail(ErrorCode::unsupported, fmt::format("dictionary indices of {} bits", index_bits));
  }
}

}  // namespace lancekeep::lance
