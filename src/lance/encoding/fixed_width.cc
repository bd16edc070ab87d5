// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/fixed_width.h"

#include "io/checked_math.h"
#include "lance/encoding/codecs.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>

namespace lancekeep::lance {
namespace {

io::ByteView exact_values(const io::ByteView& buffer, std::uint32_t width, std::uint64_t count) {
  const auto size = io::checked_mul<std::uint64_t>(count, width);
  return buffer.sub(0, size.value_or(std::numeric_limits<std::uint64_t>::max()),
                    "fixed-width values");
}

// Expands each bit to a byte.
void append_bits(const io::ByteView& buffer, std::uint64_t count, std::vector<std::byte>& out) {
  const auto bytes = buffer.sub(0, count / 8 + (count % 8 != 0 ? 1 : 0), "bits").bytes();
  const std::size_t before = out.size();
  out.resize(before + count);
  for (std::size_t i = 0; i < count; ++i) {
    out[before + i] = bytes[i / 8] >> (i % 8) & std::byte{1};
  }
}

void append_flat(const io::ByteView& buffer, std::uint64_t bits, std::uint64_t count,
                 std::vector<std::byte>& out) {
  if (bits == 1) return append_bits(buffer, count, out);
  const auto bytes = exact_values(buffer, bits / 8, count).bytes();
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// The first bytes of all values, then the second bytes of all values, and so on.
void append_byte_streams(const io::ByteView& buffer, std::uint32_t bits, std::uint64_t count,
                         std::vector<std::byte>& out) {
  const std::size_t width = bits / 8;
  const auto bytes = exact_values(buffer, bits / 8, count).bytes();
  const std::size_t before = out.size();
  out.resize(before + bytes.size());
  for (std::size_t stream = 0; stream < width; ++stream) {
    for (std::size_t i = 0; i < count; ++i)
      out[before + i * width + stream] = bytes[stream * count + i];
  }
}

void check_run_lengths(const Compression& compression) {
  const Compression& lengths = compression.child(1);
  if (compression.child(0).kind != EncodingKind::flat) compression.unsupported("run values");
  if (lengths.kind != EncodingKind::flat || lengths.bits != 8)
    compression.unsupported("run lengths");
}

void append_runs_block(const Compression& compression, const io::ByteView& block,
                       std::uint64_t count, std::vector<std::byte>& out) {
  check_run_lengths(compression);
  io::ByteReader reader(block);
  const std::uint64_t size = reader.u64("the size of run values");
  const io::ByteView values = reader.take(size, "run values");
  append_runs(values, reader.take(reader.remaining(), "run lengths"), fixed_bits(compression) / 8,
              count, out);
}

std::uint64_t list_values(const Compression& list, const io::ByteView& buffer,
                          std::uint64_t count) {
  if (const auto values = io::checked_mul(count, list.dimension)) return *values;
  buffer.fail(
      fmt::format("{} lists of {} values each have more than 2^64 values", count, list.dimension));
}

std::uint64_t packed_bits(const Compression& compression) {
  const Compression& packed = compression.child();
  if (packed.kind != EncodingKind::flat) compression.unsupported("bit-packed values");
  return packed.bits;
}

}  // namespace

std::uint64_t max_encoded_bytes(const Compression& compression, std::uint64_t count) {
  // A packed block has 1024 values; each run has a length, and a size comes before all of them.
  constexpr std::uint64_t kExtraValues = kPackedValues + sizeof(std::uint64_t);
  const auto values = io::checked_add(count, kExtraValues);
  const auto bytes = values
                         ? io::checked_mul<std::uint64_t>(*values, fixed_bits(compression) / 8 + 1)
                         : std::nullopt;
  return bytes.value_or(std::numeric_limits<std::uint64_t>::max());
}

const io::ByteView& chunk_buffer(const Compression& compression,
                                 std::span<const io::ByteView> buffers, std::size_t index) {
  if (index < buffers.size()) return buffers[index];
  compression.message.fail(fmt::format("a chunk has {} buffers, but its {} needs more",
                                       buffers.size(), to_string(compression)));
}

void append_fixed_chunk(const Compression& compression, std::span<const io::ByteView> buffers,
                        std::uint64_t count, std::vector<std::byte>& out) {
  const io::ByteView& first = chunk_buffer(compression, buffers, 0);
  const std::uint32_t bits = fixed_bits(compression);
  switch (compression.kind) {
    case EncodingKind::flat:
      return append_flat(first, compression.bits, count, out);
    case EncodingKind::fixed_size_list:
      if (compression.has_validity) compression.unsupported("a chunk's values");
      return append_fixed_chunk(compression.child(), buffers,
                                list_values(compression, first, count), out);
    case EncodingKind::inline_bitpacking:
      return append_inline_bitpacked(first, bits, count, out);
    case EncodingKind::run_length:
      check_run_lengths(compression);
      return append_runs(first, chunk_buffer(compression, buffers, 1), bits / 8, count, out);
    case EncodingKind::byte_stream_split:
      if (compression.child().kind != EncodingKind::flat) compression.unsupported("byte streams");
      return append_byte_streams(first, bits, count, out);
    case EncodingKind::packed_struct:
      return append_fixed_chunk(compression.child(), buffers, count, out);
    default:
      compression.unsupported("a chunk's values");
  }
}

void append_validity(const io::ByteView& bitmap, std::uint64_t count,
                     std::vector<std::uint8_t>& valid) {
  std::vector<std::byte> bytes;
  append_bits(bitmap, count, bytes);
  valid.resize(valid.size() + bytes.size());
  if (!bytes.empty()) std::memcpy(valid.data() + valid.size() - count, bytes.data(), count);
}

std::vector<std::byte> decode_fixed_block(const Compression& compression, const io::ByteView& block,
                                          std::uint64_t count) {
  std::vector<std::byte> out;
  const std::uint32_t bits = fixed_bits(compression);
  switch (compression.kind) {
    case EncodingKind::flat:
      append_flat(block, compression.bits, count, out);
      break;
    case EncodingKind::fixed_size_list:
      // Only flat: in other encodings, a block can have many values without a single byte.
      if (compression.has_validity || compression.child().kind != EncodingKind::flat)
        compression.unsupported("a dictionary");
      return decode_fixed_block(compression.child(), block, list_values(compression, block, count));
    case EncodingKind::inline_bitpacking:
      append_inline_bitpacked(block, bits, count, out);
      break;
    case EncodingKind::out_of_line_bitpacking:
      append_out_of_line_bitpacked(block, bits, packed_bits(compression), count, out);
      break;
    case EncodingKind::run_length:
      append_runs_block(compression, block, count, out);
      break;
    case EncodingKind::general:
      return decode_fixed_block(
          compression.child(),
          decompress(block, compression.scheme, max_encoded_bytes(compression.child(), count)),
          count);
    default:
      compression.unsupported("levels or a dictionary");
  }
  return out;
}

}  // namespace lancekeep::lance
