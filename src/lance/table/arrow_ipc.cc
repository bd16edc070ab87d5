// SPDX-License-Identifier: Apache-2.0
// Layout: "ARROW1" and 2 bytes of padding; messages; the footer (FlatBuffers), which says where
// each record batch starts; i32 size of the footer; "ARROW1". A message: u32 0xffffffff, i32 size
// of its metadata, the metadata (FlatBuffers), the body with the buffers. A compressed buffer: i64
// size of the raw bytes (-1: stored as they are), then one zstd or LZ4 frame.
#include "lance/table/arrow_ipc.h"

#include "lance/table/arrow_metadata.h"

#include <fmt/format.h>
#include <lz4frame.h>
#include <zstd.h>

#include <cstring>
#include <memory>
#include <optional>

namespace lancekeep::lance {
namespace {

constexpr std::string_view kArrowMagic = "ARROW1";
constexpr std::uint64_t kHeadSize = 8;
constexpr std::uint64_t kTailSize = 4 + kArrowMagic.size();
constexpr std::uint32_t kContinuation = 0xffffffff;
constexpr std::uint64_t kMessagePrefix = 8;
// A deletion file's metadata takes a few hundred bytes; FlatBuffers allows 2 GiB.
constexpr std::uint64_t kMaxMetadata = std::uint64_t{16} << 20;
constexpr std::int32_t kRowBits = 32;

constexpr std::uint64_t kRowSize = 4;
constexpr std::int64_t kStored = -1;
// Some writers pad a buffer to a multiple of this size before they compress it.
constexpr std::uint64_t kMaxPadding = 64;
// No zstd or LZ4 frame expands by more than this factor; larger sizes are rejected before
// allocation.
constexpr std::uint64_t kMaxExpansion = std::uint64_t{1} << 16;

// FlatBuffers reads through typed pointers, so its bytes must be aligned.
std::vector<std::uint64_t> aligned(const io::ByteView& bytes) {
  std::vector<std::uint64_t> copy((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.bytes().data(), bytes.size());
  return copy;
}

template <typename T>
const T& root(const std::vector<std::uint64_t>& copy, const io::ByteView& bytes,
              std::string_view what) {
  const T* found =
      arrow::verified_root<T>(reinterpret_cast<const std::uint8_t*>(copy.data()), bytes.size());
  if (found == nullptr) bytes.fail(fmt::format("{} is not a well-formed FlatBuffers table", what));
  return *found;
}

std::uint64_t positive(std::int64_t number, const io::ByteView& bytes, std::string_view what) {
  if (number < 0) bytes.fail(fmt::format("{} is {}, expected 0 or more", what, number));
  return static_cast<std::uint64_t>(number);
}

io::ByteView footer_bytes(const io::ByteView& file) {
  if (file.size() < kHeadSize + kTailSize) {
    file.fail(fmt::format("an Arrow file of {} bytes is cut short", file.size()));
  }
  if (!file.text().starts_with(kArrowMagic)) file.fail("not an Arrow file: expected \"ARROW1\"");
  if (!file.text().ends_with(kArrowMagic)) {
    file.fail("the Arrow file does not end with \"ARROW1\": it is cut short",
              file.size() - kArrowMagic.size());
  }
  const std::uint64_t end = file.size() - kTailSize;
  io::ByteReader reader(file.sub(end, kTailSize, "the end of the Arrow file"));
  const std::uint32_t size = reader.u32("the footer's size");
  if (size > end - kHeadSize || size > kMaxMetadata) {
    file.fail(fmt::format("the Arrow footer should have {} bytes, but only {} precede its size",
                          size, end - kHeadSize),
              end);
  }
  return file.sub(end - size, size, "the Arrow footer");
}

void check_schema(const arrow::Schema* schema, const io::ByteView& bytes) {
  const auto* fields = schema == nullptr ? nullptr : schema->fields();
  if (fields == nullptr) bytes.fail("the Arrow footer has no schema");
  if (schema->is_big_endian()) bytes.fail(ErrorCode::unsupported, "the Arrow file is big-endian");
  const std::string_view what = "a deletion file must have one column of unsigned 32-bit integers";
  if (fields->size() != 1) {
    bytes.fail(ErrorCode::unsupported, fmt::format("{}; it has {} columns", what, fields->size()));
  }
  const arrow::Field& field = *fields->Get(0);
  const arrow::IntType* type = field.int_type();
  if (type == nullptr || type->bit_width() != kRowBits || type->is_signed() ||
      field.has_dictionary()) {
    bytes.fail(ErrorCode::unsupported, fmt::format("{}; its column has another type", what));
  }
}

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
        fmt::format("an LZ4 frame holds {} bytes or more, expected {}", written, raw.size()));
  }
}

io::ByteView decompress(const io::ByteView& buffer, arrow::Codec codec, std::uint64_t wanted) {
  io::ByteReader reader(buffer);
  const std::int64_t size = reader.i64("the raw size of a compressed buffer");
  const io::ByteView frame = reader.take(reader.remaining(), "a compressed buffer");
  if (size == kStored) return frame;
  const auto raw_size = static_cast<std::uint64_t>(size);
  if (size < 0 || raw_size < wanted || raw_size - wanted > kMaxPadding) {
    buffer.fail(fmt::format("a compressed buffer should hold {} bytes, expected {}", size, wanted));
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

// Unset if buffers are not compressed, and so are not preceded by a size.
std::optional<arrow::Codec> codec_of(const arrow::Compression* compression,
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

// Appends the `count` u32 of a values buffer.
void append_rows(const io::ByteView& buffer, std::optional<arrow::Codec> codec, std::uint64_t count,
                 std::vector<std::uint32_t>& rows) {
  if (count == 0) return;  // an empty buffer can lack even its size
  const io::ByteView values = codec ? decompress(buffer, *codec, count * kRowSize) : buffer;
  if (values.size() / kRowSize < count) {
    buffer.fail(fmt::format("a buffer of {} bytes cannot hold {} rows", values.size(), count));
  }
  io::ByteReader reader(values);
  rows.reserve(rows.size() + count);
  for (std::uint64_t i = 0; i < count; ++i) rows.push_back(reader.u32("a row offset"));
}

// A record batch's message: its metadata and what follows it.
struct Message {
  io::ByteView metadata;
  io::ByteView body;
};

Message message_at(const io::ByteView& file, const arrow::Block& block) {
  const std::uint64_t offset = positive(block.offset, file, "a record batch's offset");
  const std::uint64_t head =
      positive(block.metadata_length, file, "a record batch's metadata size");
  const std::uint64_t body = positive(block.body_length, file, "a record batch's body size");
  const io::ByteView rest = file.sub(offset, head, "a record batch");
  io::ByteReader reader(rest);
  if (reader.u32("a message") != kContinuation) {
    rest.fail("an Arrow message does not start with 0xffffffff");
  }
  const std::uint32_t size = reader.u32("the size of a message's metadata");
  if (size > kMaxMetadata) rest.fail(fmt::format("a message has {} bytes of metadata", size));
  return {reader.take(size, "a message's metadata"),
          file.sub(offset + head, body, "a record batch's body")};
}

// One u32 column has one node and two buffers: validity, which may be empty, and values.
void append_batch(const Message& message, std::uint64_t most, std::vector<std::uint32_t>& rows) {
  const io::ByteView& bytes = message.metadata;
  const std::vector<std::uint64_t> copy = aligned(bytes);
  const arrow::RecordBatch* batch = root<arrow::Message>(copy, bytes, "a message").record_batch();
  if (batch == nullptr) bytes.fail("a message is not a record batch, although the footer says so");
  const std::vector<arrow::Node> nodes = arrow::copy(batch->nodes());
  const std::vector<arrow::Buffer> buffers = arrow::copy(batch->buffers());
  if (nodes.size() != 1 || buffers.size() != 2) {
    bytes.fail(
        fmt::format("a record batch of one column has {} nodes and {} buffers, expected 1 "
                    "and 2",
                    nodes.size(), buffers.size()));
  }
  if (nodes[0].null_count != 0) bytes.fail("a deletion file has null row offsets");
  const std::uint64_t count = positive(batch->rows(), bytes, "a record batch's number of rows");
  if (nodes[0].length != batch->rows() || count > most - rows.size()) {
    bytes.fail(fmt::format("a record batch has {} rows, expected at most {} more", count,
                           most - rows.size()));
  }
  const io::ByteView values =
      message.body.sub(positive(buffers[1].offset, bytes, "a buffer's offset"),
                       positive(buffers[1].length, bytes, "a buffer's length"), "a buffer");
  append_rows(values, codec_of(batch->compression(), bytes), count, rows);
}

}  // namespace

std::vector<std::uint32_t> decode_arrow_rows(const io::ByteView& file,
                                             std::optional<std::uint64_t> expected,
                                             std::uint64_t most) {
  const io::ByteView bytes = footer_bytes(file);
  const std::vector<std::uint64_t> copy = aligned(bytes);
  const auto& footer = root<arrow::Footer>(copy, bytes, "the Arrow footer");
  check_schema(footer.schema(), bytes);
  std::vector<std::uint32_t> rows;
  std::uint64_t left =
      file.size();  // batches that share bytes could take more time than the file's size justifies
  for (const arrow::Block& block : arrow::copy(footer.record_batches())) {
    const Message message = message_at(file, block);
    const std::uint64_t size = message.metadata.size() + message.body.size();
    if (size > left) bytes.fail("record batches overlap: together they are larger than the file");
    left -= size;
    append_batch(message, expected.value_or(most), rows);
  }
  if (expected && rows.size() != *expected) {
    file.fail(fmt::format("the deletion file lists {} rows, expected {}", rows.size(), *expected));
  }
  return rows;
}

}  // namespace lancekeep::lance
