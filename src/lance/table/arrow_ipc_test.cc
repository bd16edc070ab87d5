// SPDX-License-Identifier: Apache-2.0
#include "lance/table/arrow_ipc.h"

#include "lance/proto/proto_testing.h"
#include "lance/table/arrow_metadata.h"

#include <lz4frame.h>
#include <zstd.h>

#include <numeric>
#include <random>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;
using Builder = flatbuffers::FlatBufferBuilder;
using Rows = std::vector<std::uint32_t>;

// A deletion file as its parts; the default ones make a valid file.
struct Plan {
  std::vector<Rows> batches = {{1, 2, 3}};
  std::optional<std::int8_t> codec;
  std::int8_t method = 0;
  bool store_compressed = false;  // a raw size of -1
  int columns = 1;
  std::uint8_t type_kind = arrow::kTypeInt;
  std::int32_t bit_width = 32;
  std::uint8_t is_signed = 0;
  std::int16_t endianness = 0;
  std::int64_t null_count = 0;
  std::size_t buffers = 2;
  std::int64_t rows_more = 0;      // added to a batch's number of rows
  std::int64_t raw_size_more = 0;  // added to a compressed buffer's raw size
  std::int64_t length_more = 0;    // added to the values buffer's length
  std::int64_t block_more = 0;     // added to a block's offset
  std::size_t block_times = 1;     // how often the footer lists each block
  std::uint8_t header_kind = arrow::kHeaderRecordBatch;
};

template <typename T>
std::string raw_bytes(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

std::string finished(Builder& builder, flatbuffers::uoffset_t root) {
  builder.Finish(flatbuffers::Offset<flatbuffers::Table>(root));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

template <typename T>
void add(Builder& builder, flatbuffers::voffset_t index, T value) {
  builder.AddElement<T>(arrow::member(index), value, T{});
}
void add_offset(Builder& builder, flatbuffers::voffset_t index, flatbuffers::uoffset_t offset) {
  builder.AddOffset(arrow::member(index), flatbuffers::Offset<void>(offset));
}

std::string values_buffer(const Plan& plan, const Rows& rows) {
  const std::string raw(reinterpret_cast<const char*>(rows.data()), rows.size() * 4);
  if (!plan.codec) return raw;
  if (plan.store_compressed) return raw_bytes(std::int64_t{-1}) + raw;
  std::string frame(LZ4F_compressFrameBound(raw.size(), nullptr) + ZSTD_compressBound(raw.size()),
                    0);
  frame.resize(*plan.codec == 0
                   ? LZ4F_compressFrame(frame.data(), frame.size(), raw.data(), raw.size(), nullptr)
                   : ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), 1));
  return raw_bytes(static_cast<std::int64_t>(raw.size()) + plan.raw_size_more) + frame;
}

std::string message(const Plan& plan, std::size_t rows, std::size_t body) {
  Builder builder;
  const auto count = static_cast<std::int64_t>(rows) + plan.rows_more;
  const std::vector<arrow::Node> nodes = {{count, plan.null_count}};
  std::vector<arrow::Buffer> buffers(plan.buffers,
                                     {0, static_cast<std::int64_t>(body) + plan.length_more});
  if (!buffers.empty()) buffers[0].length = 0;
  const auto node_offset = builder.CreateVectorOfStructs(nodes).o;
  const auto buffer_offset = builder.CreateVectorOfStructs(buffers).o;
  flatbuffers::uoffset_t compression = 0;
  if (plan.codec) {
    const auto start = builder.StartTable();
    add<std::int8_t>(builder, 0, *plan.codec);
    add<std::int8_t>(builder, 1, plan.method);
    compression = builder.EndTable(start);
  }
  auto start = builder.StartTable();
  add<std::int64_t>(builder, 0, count);
  add_offset(builder, 1, node_offset);
  add_offset(builder, 2, buffer_offset);
  if (compression != 0) add_offset(builder, 3, compression);
  const auto batch = builder.EndTable(start);
  start = builder.StartTable();
  add<std::uint8_t>(builder, 1, plan.header_kind);
  add_offset(builder, 2, batch);
  return finished(builder, builder.EndTable(start));
}

std::string footer(const Plan& plan, const std::vector<arrow::Block>& blocks) {
  Builder builder;
  std::vector<flatbuffers::Offset<flatbuffers::Table>> fields;
  for (int column = 0; column < plan.columns; ++column) {
    const auto name = builder.CreateString("row_id").o;
    auto start = builder.StartTable();
    add<std::int32_t>(builder, 0, plan.bit_width);
    add<std::uint8_t>(builder, 1, plan.is_signed);
    const auto type = builder.EndTable(start);
    start = builder.StartTable();
    add_offset(builder, 0, name);
    add<std::uint8_t>(builder, 2, plan.type_kind);
    add_offset(builder, 3, type);
    fields.emplace_back(builder.EndTable(start));
  }
  const auto field_offset = builder.CreateVector(fields).o;
  const auto block_offset = builder.CreateVectorOfStructs(blocks).o;
  auto start = builder.StartTable();
  add<std::int16_t>(builder, 0, plan.endianness);
  add_offset(builder, 1, field_offset);
  const auto schema = builder.EndTable(start);
  start = builder.StartTable();
  add_offset(builder, 1, schema);
  add_offset(builder, 3, block_offset);
  return finished(builder, builder.EndTable(start));
}

std::string arrow_file(const Plan& plan) {
  std::string file("ARROW1\0\0", 8);
  std::vector<arrow::Block> blocks;
  for (const Rows& rows : plan.batches) {
    const std::string body = values_buffer(plan, rows);
    std::string head = message(plan, rows.size(), body.size());
    head.resize((head.size() + 7) / 8 * 8);
    head = raw_bytes(0xffffffffu) + raw_bytes(static_cast<std::uint32_t>(head.size())) + head;
    blocks.insert(
        blocks.end(), plan.block_times,
        {static_cast<std::int64_t>(file.size()) + plan.block_more,
         static_cast<std::int32_t>(head.size()), 0, static_cast<std::int64_t>(body.size())});
    file += head + body;
    file.resize((file.size() + 7) / 8 * 8);
  }
  const std::string end = footer(plan, blocks);
  return file + end + raw_bytes(static_cast<std::uint32_t>(end.size())) + "ARROW1";
}

Rows decode(const Plan& plan, std::uint64_t expected) {
  return decode_arrow_rows(view(arrow_file(plan)), expected);
}
void expect_fails(ErrorCode code, const std::string& part, const Plan& plan,
                  std::uint64_t expected = 3) {
  expect_error(code, part, [&] { (void)decode(plan, expected); });
}

TEST(ArrowIpc, ReadsOneBatch) { EXPECT_THAT(decode({}, 3), ElementsAre(1, 2, 3)); }

TEST(ArrowIpc, ReadsSeveralBatchesAndEmptyOnes) {
  EXPECT_THAT(decode({.batches = {{9}, {}, {4, 7}}}, 3), ElementsAre(9, 4, 7));
}

TEST(ArrowIpc, ReadsAFileWithoutBatches) { EXPECT_THAT(decode({.batches = {}}, 0), ElementsAre()); }

TEST(ArrowIpc, ReadsEveryCodec) {
  Rows rows(10'000);
  std::iota(rows.begin(), rows.end(), 5);
  for (const int codec : {0, 1}) {
    for (const bool stored : {false, true}) {
      const Plan plan{.batches = {rows, {}, rows},
                      .codec = static_cast<std::int8_t>(codec),
                      .store_compressed = stored};
      const Rows found = decode(plan, 20'000);
      EXPECT_TRUE(std::equal(rows.begin(), rows.end(), found.begin()));
      EXPECT_TRUE(std::equal(rows.begin(), rows.end(), found.begin() + 10'000));
    }
  }
}

TEST(ArrowIpc, RejectsAWrongNumberOfRows) {
  expect_fails(ErrorCode::corrupt, "lists 3 rows, expected 4", {}, 4);
  expect_fails(ErrorCode::corrupt, "has 3 rows, expected at most 2 more", {}, 2);
}

TEST(ArrowIpc, RejectsTwoColumns) {
  expect_fails(ErrorCode::unsupported, "it has 2 columns", {.columns = 2});
}

TEST(ArrowIpc, RejectsSignedNumbers) {
  expect_fails(ErrorCode::unsupported, "its column has another type", {.is_signed = 1});
}

TEST(ArrowIpc, RejectsOtherWidths) {
  expect_fails(ErrorCode::unsupported, "its column has another type", {.bit_width = 64});
}

TEST(ArrowIpc, RejectsAnotherType) {
  expect_fails(ErrorCode::unsupported, "its column has another type", {.type_kind = 3});
}

TEST(ArrowIpc, RejectsBigEndianNumbers) {
  expect_fails(ErrorCode::unsupported, "big-endian", {.endianness = 1});
}

TEST(ArrowIpc, RejectsNulls) {
  expect_fails(ErrorCode::corrupt, "has null row offsets", {.null_count = 1});
}

TEST(ArrowIpc, RejectsAWrongNumberOfBuffers) {
  expect_fails(ErrorCode::corrupt, "1 nodes and 1 buffers", {.buffers = 1});
}

TEST(ArrowIpc, RejectsAMessageThatIsNotARecordBatch) {
  expect_fails(ErrorCode::corrupt, "is not a record batch", {.header_kind = 2});
}

TEST(ArrowIpc, RejectsMoreRowsThanTheBufferHolds) {
  expect_fails(ErrorCode::corrupt, "a buffer of 12 bytes cannot hold 4 rows", {.rows_more = 1}, 4);
}

TEST(ArrowIpc, RejectsANegativeNumberOfRows) {
  expect_fails(ErrorCode::corrupt, "number of rows is -1", {.rows_more = -4});
}

TEST(ArrowIpc, RejectsABufferBeyondItsBody) {
  expect_fails(ErrorCode::corrupt, "a buffer needs 13 bytes, but only 12 remain",
               {.length_more = 1});
}

TEST(ArrowIpc, RejectsABlockBeyondTheEnd) {
  expect_fails(ErrorCode::corrupt, "a record batch would start", {.block_more = 1 << 30});
}

TEST(ArrowIpc, RejectsBlocksThatShareBytes) {
  EXPECT_THAT(decode({.batches = {Rows(9, 1)}, .block_times = 2}, 18), testing::SizeIs(18));
  expect_fails(ErrorCode::corrupt, "record batches overlap: together they are larger",
               {.batches = {Rows(9, 1)}, .block_times = 200}, 1800);
}

TEST(ArrowIpc, RejectsABlockThatDoesNotStartAMessage) {
  expect_fails(ErrorCode::corrupt, "does not start with 0xffffffff", {.block_more = -8});
}

TEST(ArrowIpc, RejectsAnUnknownCodec) {
  expect_fails(ErrorCode::unsupported, "codec 1, method 1", {.codec = 1, .method = 1});
}

TEST(ArrowIpc, RejectsARawSizeThatDoesNotMatchTheRows) {
  for (const std::int8_t codec : {0, 1}) {
    expect_fails(ErrorCode::corrupt, "should hold 11 bytes, expected 12",
                 {.codec = codec, .raw_size_more = -1});
    expect_fails(ErrorCode::corrupt, "should hold 112 bytes, expected 12",
                 {.codec = codec, .raw_size_more = 100});
    expect_fails(ErrorCode::corrupt, "holds 12 bytes", {.codec = codec, .raw_size_more = 4});
  }
}

TEST(ArrowIpc, RejectsARawSizeThatNoFrameCouldHold) {
  expect_fails(ErrorCode::corrupt, "cannot hold 1073741824",
               {.codec = 1, .rows_more = (1 << 28) - 3, .raw_size_more = (1 << 30) - 12}, 1 << 28);
}

TEST(ArrowIpc, RejectsEveryTruncatedFile) {
  const std::string bytes = arrow_file({});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_error(ErrorCode::corrupt, "",
                 [&] { (void)decode_arrow_rows(view(bytes.substr(0, size)), 3); });
  }
}

TEST(ArrowIpc, RejectsAFileThatIsNotArrow) {
  expect_error(ErrorCode::corrupt, "expected \"ARROW1\"",
               [] { (void)decode_arrow_rows(view(std::string(64, 'x')), 3); });
}

TEST(ArrowIpc, RandomChangesGiveRowsOrAnError) {
  std::mt19937 random(5);
  int errors = 0;
  for (const std::optional<std::int8_t> codec : {std::optional<std::int8_t>(), {0}, {1}}) {
    const std::string good = arrow_file({.batches = {{1, 2, 3}, {4}}, .codec = codec});
    for (int round = 0; round < 4000; ++round) {
      std::string bytes = good;
      bytes[random() % bytes.size()] = static_cast<char>(random());
      try {
        EXPECT_EQ(decode_arrow_rows(view(bytes), 4).size(), 4u);
      } catch (const Error&) {
        ++errors;
      }
    }
  }
  EXPECT_GT(errors, 1000);
}

}  // namespace
}  // namespace lancekeep::lance
