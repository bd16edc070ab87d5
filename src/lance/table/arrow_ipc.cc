// SPDX-License-Identifier: Apache-2.0
// Layout: "ARROW1" and 2 bytes of padding; messages; the footer (FlatBuffers), which says where
// each record batch starts; i32 size of the footer; "ARROW1". A message: u32 0xffffffff, i32 size
// of its metadata, the metadata (FlatBuffers), the body with the buffers.
#include "lance/table/arrow_ipc.h"

#include "lance/table/arrow_buffer.h"
#include "lance/table/arrow_metadata.h"

#include <fmt/format.h>

#include <cstring>

namespace lancekeep::lance {
namespace {

constexpr std::string_view kArrowMagic = "ARROW1";
constexpr std::uint64_t kHeadSize = 8;
constexpr std::uint64_t kTailSize = 4 + kArrowMagic.size();
constexpr std::uint32_t kContinuation = 0xffffffff;
constexpr std::uint64_t kMessagePrefix = 8;
// Metadata of a deletion file takes some hundred bytes; FlatBuffers ends at 2 GiB.
constexpr std::uint64_t kMaxMetadata = std::uint64_t{16} << 20;
constexpr std::int32_t kRowBits = 32;

// FlatBuffers reads through pointers of their own type, so its bytes must be aligned.
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
  if (found == nullptr) bytes.fail(fmt::format("{} is no well-formed FlatBuffers table", what));
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
    file.fail(fmt::format("the Arrow footer is said to have {} bytes, of {} there are", size,
                          end - kHeadSize),
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
    bytes.fail(ErrorCode::unsupported, fmt::format("{}; its column is of another type", what));
  }
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
void append_batch(const Message& message, std::uint64_t expected,
                  std::vector<std::uint32_t>& rows) {
  const io::ByteView& bytes = message.metadata;
  const std::vector<std::uint64_t> copy = aligned(bytes);
  const arrow::RecordBatch* batch = root<arrow::Message>(copy, bytes, "a message").record_batch();
  if (batch == nullptr) bytes.fail("a message is not a record batch, as the footer says it is");
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
  if (nodes[0].length != batch->rows() || count > expected - rows.size()) {
    bytes.fail(fmt::format("a record batch has {} rows, expected at most {} more", count,
                           expected - rows.size()));
  }
  const io::ByteView values =
      message.body.sub(positive(buffers[1].offset, bytes, "a buffer's offset"),
                       positive(buffers[1].length, bytes, "a buffer's length"), "a buffer");
  append_arrow_rows(values, arrow_compression(batch->compression(), bytes), count, rows);
}

}  // namespace

std::vector<std::uint32_t> decode_arrow_rows(const io::ByteView& file, std::uint64_t expected) {
  const io::ByteView bytes = footer_bytes(file);
  const std::vector<std::uint64_t> copy = aligned(bytes);
  const auto& footer = root<arrow::Footer>(copy, bytes, "the Arrow footer");
  check_schema(footer.schema(), bytes);
  std::vector<std::uint32_t> rows;
  std::uint64_t left = file.size();  // batches that share bytes could ask for more than it is worth
  for (const arrow::Block& block : arrow::copy(footer.record_batches())) {
    const Message message = message_at(file, block);
    const std::uint64_t size = message.metadata.size() + message.body.size();
    if (size > left) bytes.fail("record batches overlap: together they are larger than the file");
    left -= size;
    append_batch(message, expected, rows);
  }
  if (rows.size() != expected) {
    file.fail(fmt::format("the deletion file lists {} rows, expected {}", rows.size(), expected));
  }
  return rows;
}

}  // namespace lancekeep::lance
