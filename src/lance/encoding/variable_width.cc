// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/variable_width.h"

#include "io/checked_math.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>

namespace lancekeep::lance {
namespace {

// Offsets as they stand in the file, checked against each other and against the bytes they point
// into.
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

// `first`: the lowest offset that may be; `end`: one past the highest byte.
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

// `bytes`: what the offsets point into.
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
