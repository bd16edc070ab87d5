// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/value_decoder.h"

#include "lance/encoding/codecs_testing.h"

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kManyBytes = 1 << 20;

std::vector<std::string> texts(const Array& array) {
  std::vector<std::string> result;
  for (std::uint64_t item = 0; item < array.items; ++item) result.emplace_back(array.text(item));
  return result;
}

Array chunk(const std::string& encoded, const std::vector<std::string>& buffers,
            std::uint64_t count) {
  std::vector<io::ByteView> views;
  for (const std::string& buffer : buffers) views.push_back(view(buffer));
  const Compression tree = compression(encoded);
  Array values = empty_values(tree);
  append_chunk_values(tree, views, count, kManyBytes, values);
  EXPECT_EQ(values.items, count);
  return values;
}

Array block(const std::string& encoded, const std::string& bytes, std::uint64_t count) {
  return decode_block(compression(encoded), view(bytes), count, kManyBytes);
}

const std::string two_texts = raw<std::uint32_t>({12, 15, 16}) + "onex";

TEST(ValueDecoderTest, ReadsFlatValues) {
  const Array values = chunk(flat(16), {raw<std::uint16_t>({1, 2})}, 2);
  EXPECT_EQ(values.item_bits, 16);
  EXPECT_EQ(numbers<std::uint16_t>(values.data), (std::vector<std::uint16_t>{1, 2}));
}

TEST(ValueDecoderTest, ReadsPackedStructs) {
  const Array values = chunk(packed_struct({64, 64}, 128), {raw<std::uint64_t>({1, 2})}, 1);
  EXPECT_EQ(values.item_bits, 128);
  EXPECT_EQ(numbers<std::uint64_t>(values.data), (std::vector<std::uint64_t>{1, 2}));
}

TEST(ValueDecoderTest, ReadsByteStreams) {
  const Array values = chunk(byte_stream_split(32), {std::string("\1\2\0\0\0\0\0\7", 8)}, 2);
  EXPECT_EQ(numbers<std::uint32_t>(values.data), (std::vector<std::uint32_t>{1, 0x07000002}));
}

TEST(ValueDecoderTest, ReadsRuns) {
  const Array values = chunk(run_length(64), {raw<std::uint64_t>({5}), raw<std::uint8_t>({3})}, 3);
  EXPECT_EQ(numbers<std::uint64_t>(values.data), (std::vector<std::uint64_t>{5, 5, 5}));
}

TEST(ValueDecoderTest, ReadsStringsWith32And64BitOffsets) {
  EXPECT_EQ(texts(chunk(variable(32), {two_texts}, 2)), (std::vector<std::string>{"one", "x"}));
  EXPECT_EQ(texts(chunk(variable(64), {raw<std::uint64_t>({16, 17}) + "y"}, 1)),
            (std::vector<std::string>{"y"}));
}

TEST(ValueDecoderTest, SkipsBytesBeforeTheFirstString) {
  EXPECT_EQ(texts(chunk(variable(32), {raw<std::uint32_t>({11, 12}) + "???z"}, 1)),
            (std::vector<std::string>{"z"}));
}

TEST(ValueDecoderTest, ReadsFsst) {
  const std::string codes = raw<std::uint32_t>({12, 13, 15}) + std::string("\0\1\0", 3);
  EXPECT_EQ(texts(chunk(fsst(symbol_table({"layer", "."}), variable(32)), {codes}, 2)),
            (std::vector<std::string>{"layer", ".layer"}));
}

TEST(ValueDecoderTest, ReadsFsstThatCompressesNothing) {
  EXPECT_EQ(texts(chunk(fsst(symbol_table({}, false), variable(32)), {two_texts}, 2)),
            (std::vector<std::string>{"one", "x"}));
}

TEST(ValueDecoderTest, ReadsGeneralAroundTheFirstBuffer) {
  EXPECT_EQ(texts(chunk(general(1, variable(32)), {lz4(two_texts)}, 2)),
            (std::vector<std::string>{"one", "x"}));
  const Array runs =
      chunk(general(1, run_length(16)), {lz4(raw<std::uint16_t>({9})), raw<std::uint8_t>({2})}, 2);
  EXPECT_EQ(numbers<std::uint16_t>(runs.data), (std::vector<std::uint16_t>{9, 9}));
}

TEST(ValueDecoderTest, ReadsBlocksOfStrings) {
  const std::string narrow = raw<std::uint32_t>({32, 20, 0, 3, 4}) + "onex";
  EXPECT_EQ(texts(block(variable(32), narrow, 2)), (std::vector<std::string>{"one", "x"}));
  const std::string wide = raw<std::uint64_t>({64, 32, 0, 3}) + "two";
  EXPECT_EQ(texts(block(variable(64), wide, 1)), (std::vector<std::string>{"two"}));
  EXPECT_EQ(texts(block(general(1, variable(32)), lz4(narrow), 2)),
            (std::vector<std::string>{"one", "x"}));
}

TEST(ValueDecoderTest, ReadsBlocksOfNumbers) {
  EXPECT_EQ(
      numbers<std::uint64_t>(block(general(1, flat(64)), lz4(raw<std::uint64_t>({8, 9})), 2).data),
      (std::vector<std::uint64_t>{8, 9}));
  EXPECT_EQ(numbers<std::uint64_t>(block(out_of_line(64, 0), "", 2).data),
            (std::vector<std::uint64_t>{0, 0}));
}

TEST(ValueDecoderTest, RejectsUnknownEncodings) {
  expect_unsupported("(encoding 14)", [] { chunk(message(14, ""), {""}, 0); });
  expect_unsupported("(encoding 13)", [] { chunk(message(13, ""), {""}, 0); });
  expect_unsupported(
      "a chunk's values are encoded as out-of-line bit-packing 16(flat 1) (encoding 4)",
      [] { chunk(out_of_line(16, 1), {std::string(128, '\0')}, 1); });
  expect_unsupported("(encoding 9)", [] { block(byte_stream_split(32), "abcd", 1); });
}

TEST(ValueDecoderTest, RejectsCompressedOffsets) {
  expect_unsupported("(encoding 2)",
                     [] { chunk(message(2, message(1, inline_packed(32))), {two_texts}, 2); });
}

TEST(ValueDecoderTest, RejectsFsstOverNumbers) {
  expect_unsupported("(encoding 6)", [] { chunk(fsst(symbol_table({"a"}), flat(8)), {"a"}, 1); });
}

TEST(ValueDecoderTest, RejectsAMissingBuffer) {
  expect_corrupt("a chunk has 1 buffers", [] { chunk(run_length(16), {"ab"}, 1); });
}

TEST(ValueDecoderTest, RejectsTruncatedFlatValues) {
  expect_corrupt("fixed-width values needs 4 bytes", [] { chunk(flat(16), {"abc"}, 2); });
}

TEST(ValueDecoderTest, RejectsACountWhoseBytesWrap) {
  expect_corrupt("fixed-width values needs",
                 [] { chunk(flat(64), {"abc"}, std::uint64_t{1} << 61); });
  expect_corrupt("value offsets needs",
                 [] { chunk(variable(64), {two_texts}, ~std::uint64_t{0}); });
}

TEST(ValueDecoderTest, RejectsDescendingOffsets) {
  expect_corrupt("value offset 2 is 14, expected 15 to 16",
                 [] { chunk(variable(32), {raw<std::uint32_t>({12, 15, 14}) + "onex"}, 2); });
}

TEST(ValueDecoderTest, RejectsOffsetsBeyondTheBuffer) {
  expect_corrupt("value offset 2 is 17, expected 15 to 16",
                 [] { chunk(variable(32), {raw<std::uint32_t>({12, 15, 17}) + "onex"}, 2); });
}

TEST(ValueDecoderTest, RejectsOffsetsIntoTheTable) {
  expect_corrupt("value offset 0 is 11, expected 12 to 16",
                 [] { chunk(variable(32), {raw<std::uint32_t>({11, 15, 16}) + "onex"}, 2); });
}

TEST(ValueDecoderTest, RejectsABlockWithOtherOffsets) {
  expect_corrupt("offsets have 64 bits, expected 32",
                 [] { block(variable(32), raw<std::uint32_t>({64, 16, 0, 1}) + "x", 1); });
}

TEST(ValueDecoderTest, RejectsABlockThatStartsInItsTable) {
  expect_corrupt("values start at 15, expected 16 to 17",
                 [] { block(variable(32), raw<std::uint32_t>({32, 15, 0, 1}) + "x", 1); });
}

TEST(ValueDecoderTest, RejectsABlockThatStartsAfterItsEnd) {
  expect_corrupt("values start at 18, expected 16 to 17",
                 [] { block(variable(32), raw<std::uint32_t>({32, 18, 0, 1}) + "x", 1); });
}

class DictionaryTest : public ::testing::Test {
 protected:
  template <typename Index>
  static Array looked_up(const Array& dictionary, std::initializer_list<Index> indices,
                         std::uint64_t max_bytes = 100) {
    Array values;
    set_type(values, dictionary.item_bits);
    const std::string bytes = raw(indices);
    append_dictionary_values(dictionary, view(""), sizeof(Index) * 8,
                             std::as_bytes(std::span(bytes)), max_bytes, values);
    return values;
  }
  const Array names_ = block(variable(32), raw<std::uint32_t>({32, 20, 0, 3, 4}) + "onex", 2);
  const Array sizes_ = block(flat(64), raw<std::uint64_t>({70, 80}), 2);
};

TEST_F(DictionaryTest, LooksUpStrings) {
  EXPECT_EQ(texts(looked_up<std::uint32_t>(names_, {1, 0, 1})),
            (std::vector<std::string>{"x", "one", "x"}));
}

TEST_F(DictionaryTest, LooksUpNumbersByIndicesOfEachWidth) {
  const std::vector<std::uint64_t> expected = {80, 70};
  EXPECT_EQ(numbers<std::uint64_t>(looked_up<std::uint8_t>(sizes_, {1, 0}).data), expected);
  EXPECT_EQ(numbers<std::uint64_t>(looked_up<std::uint16_t>(sizes_, {1, 0}).data), expected);
  EXPECT_EQ(numbers<std::uint64_t>(looked_up<std::uint32_t>(sizes_, {1, 0}).data), expected);
  EXPECT_EQ(numbers<std::uint64_t>(looked_up<std::uint64_t>(sizes_, {1, 0}).data), expected);
}

TEST_F(DictionaryTest, RejectsAnIndexBeyondTheDictionary) {
  expect_corrupt("a value is entry 2 of a dictionary of 2",
                 [this] { looked_up<std::uint32_t>(sizes_, {2}); });
}

TEST_F(DictionaryTest, RejectsStringsThatRepeatTooOften) {
  expect_corrupt("the values of a dictionary take more than 6 bytes",
                 [this] { looked_up<std::uint32_t>(names_, {0, 0, 0}, 6); });
}

TEST_F(DictionaryTest, RejectsIndicesOfOtherWidths) {
  Array values;
  expect_unsupported("dictionary indices of 128 bits, expected 8, 16, 32 or 64",
                     [&] { append_dictionary_values(sizes_, view(""), 128, {}, 100, values); });
}

TEST(ValueDecoderTest, FixedSizeListsHaveABitmapBeforeTheirValues) {
  const Compression lists = compression(fixed_size_list(2, flat(8), true));
  Array values = empty_values(lists);
  const std::vector<io::ByteView> buffers = {view("\x0b"), view("abcd")};
  append_chunk_values(lists, buffers, 2, kManyBytes, values);
  EXPECT_EQ(values.items, 2);
  EXPECT_EQ(values.dimension, 2);
  EXPECT_EQ(values.value_valid, (std::vector<std::uint8_t>{1, 1, 0, 1}));
  EXPECT_EQ(numbers<char>(values.data), (std::vector<char>{'a', 'b', 'c', 'd'}));
}

TEST(ValueDecoderTest, BitsOfListsAreNotPaddedToBytes) {
  const Compression lists = compression(fixed_size_list(3, flat(1)));
  Array values = empty_values(lists);
  const std::vector<io::ByteView> buffers = {view("\x2d")};
  append_chunk_values(lists, buffers, 2, kManyBytes, values);
  EXPECT_EQ(numbers<char>(values.data), (std::vector<char>{1, 0, 1, 1, 0, 1}));
}

TEST(ValueDecoderTest, RejectsNullsBetweenFixedSizeLists) {
  const Compression lists = compression(fixed_size_list(2, fixed_size_list(2, flat(8)), true));
  Array values = empty_values(lists);
  const std::vector<io::ByteView> buffers = {view("a"), view("abcd")};
  expect_unsupported("a chunk's values are encoded as fixed size list 2 with validity",
                     [&] { append_chunk_values(lists, buffers, 1, kManyBytes, values); });
}

TEST(ValueDecoderTest, RejectsTruncatedFixedSizeLists) {
  const Compression lists = compression(fixed_size_list(2, flat(8), true));
  Array values = empty_values(lists);
  const std::vector<io::ByteView> buffers = {view("\x0b"), view("abc")};
  expect_corrupt("fixed-width values needs 4 bytes",
                 [&] { append_chunk_values(lists, buffers, 2, kManyBytes, values); });
}

TEST(ValueDecoderTest, RejectsABlockOfListsWithoutBytes) {
  const Compression lists = compression(fixed_size_list(1 << 20, out_of_line(64, 0)));
  expect_unsupported("a dictionary are encoded as fixed size list",
                     [&] { (void)decode_block(lists, view(""), 1 << 20, kManyBytes); });
}

}  // namespace

}  // namespace lancekeep::lance
