// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/wire.h"

#include "lance/proto/proto_testing.h"

#include <limits>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;
using testing::Pair;

// Reads every field of `bytes` with `get`.
template <typename Get>
auto read_all(const std::string& bytes, Get&& get) {
  std::vector<decltype(get(std::declval<protozero::pbf_reader&>()))> values;
  const io::ByteView message = view(bytes);
  read_fields(message, "the message",
              [&](protozero::pbf_reader& reader) { values.push_back(get(reader)); });
  return values;
}

std::string varint_field(std::uint64_t value) {
  std::string bytes;
  protozero::pbf_writer(bytes).add_uint64(1, value);
  return bytes;
}

TEST(Wire, ReadsNumbersOfEveryWidth) {
  EXPECT_THAT(read_all(varint_field(std::numeric_limits<std::uint64_t>::max()), get_u64),
              ElementsAre(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_THAT(read_all(varint_field(0xffffffff), get_u32), ElementsAre(0xffffffffu));
  EXPECT_THAT(read_all(varint_field(std::uint64_t(-5)), get_i64), ElementsAre(-5));
  EXPECT_THAT(read_all(varint_field(7), get_bool), ElementsAre(true));
}

TEST(Wire, ReadsANegativeNumberInTenBytesAndInFive) {
  EXPECT_THAT(read_all(varint_field(std::uint64_t(-1)), get_i32), ElementsAre(-1));
  EXPECT_THAT(read_all(varint_field(0xffffffff), get_i32), ElementsAre(-1));
}

TEST(Wire, RejectsANumberTooLargeForU32) {
  expect_error(ErrorCode::corrupt, "field 1 holds 4294967296, which does not fit in 32 bits",
               [] { read_all(varint_field(std::uint64_t{1} << 32), get_u32); });
}

TEST(Wire, RejectsANumberTooLargeForI32) {
  expect_error(ErrorCode::corrupt, "does not fit in 32 bits",
               [] { read_all(varint_field(std::uint64_t{1} << 40), get_i32); });
}

TEST(Wire, RejectsTextInsteadOfANumber) {
  expect_error(ErrorCode::corrupt, "field 1 is length-delimited, expected a varint",
               [] { read_all(std::string("\x0a\x01x", 3), get_u64); });
}

TEST(Wire, RejectsANumberInsteadOfText) {
  expect_error(ErrorCode::corrupt, "field 1 is a varint, expected length-delimited",
               [] { read_all(varint_field(1), get_text); });
}

TEST(Wire, RejectsANumberInsteadOfAMessage) {
  const io::ByteView message = view(varint_field(1));
  expect_error(ErrorCode::corrupt, "expected length-delimited", [&] {
    read_fields(message, "the message",
                [&](protozero::pbf_reader& reader) { (void)get_view(reader, message); });
  });
}

TEST(Wire, ErrorsNameFileAndOffset) {
  const io::ByteView message = view(std::string("\x08\x01\x12\x09", 4) + "abc");
  try {
    read_fields(message, "the message", [](protozero::pbf_reader& reader) { reader.skip(); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_EQ(error.file(), "test.bin");
    EXPECT_EQ(error.offset(), 2u);
    EXPECT_THAT(error.what(), testing::HasSubstr("the message is not a well-formed protobuf"));
  }
}

TEST(Wire, RejectsAFieldNumberOfZero) {
  expect_error(ErrorCode::corrupt, "not a well-formed protobuf message",
               [] { read_all(std::string("\x00\x01", 2), get_u64); });
}

TEST(Wire, RejectsAGroup) {
  expect_error(ErrorCode::corrupt, "not a well-formed protobuf message",
               [] { read_all("\x0b", get_u64); });
}

TEST(Wire, RejectsAVarintOfElevenBytes) {
  expect_error(ErrorCode::corrupt, "not a well-formed protobuf message",
               [] { read_all("\x08" + std::string(11, '\xff'), get_u64); });
}

TEST(Wire, ReadsRepeatedNumbersPackedAndOneByOne) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  const std::vector<std::int32_t> packed = {1, -2, 300};
  writer.add_packed_int32(1, packed.begin(), packed.end());
  writer.add_int32(1, -4);
  std::vector<std::int32_t> numbers;
  read_fields(view(bytes), "the message",
              [&](protozero::pbf_reader& reader) { get_repeated(reader, numbers); });
  EXPECT_THAT(numbers, ElementsAre(1, -2, 300, -4));
}

TEST(Wire, RejectsAPackedRunThatEndsInTheMiddleOfANumber) {
  std::vector<std::uint64_t> numbers;
  expect_error(ErrorCode::corrupt, "not a well-formed protobuf message", [&] {
    read_fields(view("\x0a\x02\x01\x80"), "the message",
                [&](protozero::pbf_reader& reader) { get_repeated(reader, numbers); });
  });
}

TEST(Wire, KeepsUnknownFieldsOfEveryWireType) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_uint64(1, 300);
  writer.add_fixed64(2000, 7);
  writer.add_string(3, "text");
  writer.add_fixed32(4, 9);
  std::string kept;
  read_fields(view(bytes), "the message",
              [&](protozero::pbf_reader& reader) { keep_unknown(reader, kept); });
  EXPECT_EQ(kept, bytes);
}

TEST(Wire, MapsRoundTrip) {
  const std::map<std::string, std::string> map = {
      {"", "no key"}, {"key", std::string("\0\xff", 2)}, {"no value", ""}};
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  write_map(writer, 5, map);
  const io::ByteView message = view(bytes);
  std::map<std::string, std::string> read;
  read_fields(message, "the message",
              [&](protozero::pbf_reader& reader) { read_map_entry(reader, message, read); });
  EXPECT_EQ(read, map);
}

TEST(Wire, MapEntriesMayLackKeyOrValueAndTheLastDuplicateWins) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_message(5, std::string("\x0a\x01k\x12\x01v"));
  writer.add_message(5, std::string("\x0a\x01k"));
  writer.add_message(5, std::string("\x12\x01v"));
  const io::ByteView message = view(bytes);
  std::map<std::string, std::string> read;
  read_fields(message, "the message",
              [&](protozero::pbf_reader& reader) { read_map_entry(reader, message, read); });
  EXPECT_THAT(read, ElementsAre(Pair("", "v"), Pair("k", "")));
}

}  // namespace
}  // namespace lancekeep::lance
