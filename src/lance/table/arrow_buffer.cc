// SPDX-License-Identifier: Apache-2.0
#include "lance/table/arrow_buffer.h"

#include <fmt/format.h>
#include <lz4frame.h>
#include <zstd.h>

#include <memory>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kRowSize = 4;
constexpr std::int64_t kStored = -1;
// Writers may pad a buffer to a multiple of this before they compress it.
constexpr std::uint64_t kMaxPadding = 64;
// No zstd or LZ4 frame gets larger by more than this: what says so is not believed, nor allocated.
constexpr std::uint64_t kMaxExpansion = std::uint64_t{1} << 16;

struct FreeLz4 {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

void decompress_zstd(const io::ByteView& frame, std::string& raw) {
  const std::size_t size =
      ZSTD_decompress(raw.data(), raw.size(), frame.bytes().data(), frame.size());
  if (ZSTD_isError(size) != 0) {
    frame.fail(fmt::format("a zstd frame is damaged ({})", ZSTD_getErrorName(size)));
  }
  if (size != raw.size()) {
    frame.fail(fmt::format("a zstd frame holds {} bytes, expected {}", size, raw.size()));
  }
}

void decompress_lz4(const io::ByteView& frame, std::string& raw) {
  LZ4F_dctx* created = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&created, LZ4F_VERSION)) != 0) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<LZ4F_dctx, FreeLz4> context(created);
  std::size_t read = 0;
  std::size_t written = 0;
  std::size_t hint = 1;
  while (hint != 0) {
    std::size_t in = frame.size() - read;
    std::size_t out = raw.size() - written;
    hint = LZ4F_decompress(context.get(), raw.data() + written, &out, frame.bytes().data() + read,
                           &in, nullptr);
    if (LZ4F_isError(hint) != 0) {
      frame.fail(fmt::format("an LZ4 frame is damaged ({})", LZ4F_getErrorName(hint)));
    }
    read += in;
    written += out;
    if (in == 0 && out == 0) break;
  }
  if (hint != 0 || written != raw.size()) {
    frame.fail(
        fmt::format("an LZ4 frame holds {} bytes, or more, expected {}", written, raw.size()));
  }
}

io::ByteView decompress(const io::ByteView& buffer, arrow::Codec codec, std::uint64_t wanted) {
  io::ByteReader reader(buffer);
  const std::int64_t size = reader.i64("the raw size of a compressed buffer");
  const io::ByteView frame = reader.take(reader.remaining(), "a compressed buffer");
  if (size == kStored) return frame;
  const auto raw_size = static_cast<std::uint64_t>(size);
  if (size < 0 || raw_size < wanted || raw_size - wanted > kMaxPadding) {
    buffer.fail(
        fmt::format("a compressed buffer is said to hold {} bytes, expected {}", size, wanted));
  }
  if (raw_size / kMaxExpansion > frame.size()) {
    buffer.fail(
        fmt::format("a compressed buffer of {} bytes cannot hold {}", frame.size(), raw_size));
  }
  std::string raw(raw_size, '\0');
  if (codec == arrow::Codec::zstd) {
    decompress_zstd(frame, raw);
  } else {
    decompress_lz4(frame, raw);
  }
  return io::ByteView::of(std::move(raw), buffer.file());
}

}  // namespace

std::optional<arrow::Codec> arrow_compression(const arrow::Compression* compression,
                                              const io::ByteView& metadata) {
  if (compression == nullptr) return std::nullopt;
  const arrow::Codec codec{compression->codec()};
  if (compression->method() != arrow::kMethodPerBuffer ||
      (codec != arrow::Codec::lz4_frame && codec != arrow::Codec::zstd)) {
    metadata.fail(ErrorCode::unsupported,
                  fmt::format("an Arrow buffer is compressed with codec {}, method {}; this build "
                              "reads 0 (LZ4 frame) and 1 (zstd), method 0",
                              compression->codec(), compression->method()));
  }
  return codec;
}

void append_arrow_rows(const io::ByteView& buffer, std::optional<arrow::Codec> codec,
                       std::uint64_t count, std::vector<std::uint32_t>& rows) {
  if (count == 0) return;  // an empty buffer may lack even its size
  const io::ByteView values = codec ? decompress(buffer, *codec, count * kRowSize) : buffer;
  if (values.size() / kRowSize < count) {
    buffer.fail(fmt::format("a buffer of {} bytes cannot hold {} rows", values.size(), count));
  }
  io::ByteReader reader(values);
  rows.reserve(rows.size() + count);
  for (std::uint64_t i = 0; i < count; ++i) rows.push_back(reader.u32("a row offset"));
}

}  // namespace lancekeep::lance
