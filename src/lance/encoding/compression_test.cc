// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/compression.h"

#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

TEST(CompressionTest, NamesTheWholeTree) {
  EXPECT_EQ(to_string(compression(flat(64))), "flat 64");
  EXPECT_EQ(to_string(compression(general(2, fsst("table", variable(32))))),
            "general zstd(fsst(variable(flat 32)))");
  EXPECT_EQ(to_string(compression(general(1, flat(64)))), "general lz4(flat 64)");
  EXPECT_EQ(to_string(compression(run_length(16))), "run-length(flat 16, flat 8)");
  EXPECT_EQ(to_string(compression(out_of_line(16, 1))), "out-of-line bit-packing 16(flat 1)");
  EXPECT_EQ(to_string(compression(packed_struct({64, 64}, 128))), "packed struct(flat 128)");
  EXPECT_EQ(to_string(compression(message(14, ""))), "encoding 14");
}

TEST(CompressionTest, GivesTheWidthOfDecodedValues) {
  EXPECT_EQ(fixed_bits(compression(flat(128))), 128);
  EXPECT_EQ(fixed_bits(compression(inline_packed(32))), 32);
  EXPECT_EQ(fixed_bits(compression(out_of_line(16, 0))), 16);
  EXPECT_EQ(fixed_bits(compression(run_length(64))), 64);
  EXPECT_EQ(fixed_bits(compression(general(1, byte_stream_split(32)))), 32);
  EXPECT_EQ(fixed_bits(compression(packed_struct({64, 64}, 128))), 128);
}

TEST(CompressionTest, RejectsWidthsThatAreNotWholeBytes) {
  expect_unsupported("values of 12 bits", [] { return fixed_bits(compression(flat(12))); });
}

TEST(CompressionTest, RejectsAWidthOfZero) {
  expect_unsupported("values of 0 bits", [] { return fixed_bits(compression(flat(0))); });
}

TEST(CompressionTest, RejectsGiantWidths) {
  expect_unsupported("values of 1073741832 bits",
                     [] { return fixed_bits(compression(flat((1ULL << 30) + 8))); });
}

TEST(CompressionTest, AFixedSizeListIsAsWideAsItsValues) {
  const Compression list = compression(fixed_size_list(3, fixed_size_list(2, flat(16))));
  EXPECT_EQ(fixed_bits(list), 96);
  EXPECT_EQ(dimension(list), 6);
  EXPECT_EQ(to_string(list), "fixed size list 3(fixed size list 2(flat 16))");
}

TEST(CompressionTest, ABooleanTakesAByte) { EXPECT_EQ(fixed_bits(compression(flat(1))), 8); }

TEST(CompressionTest, RejectsFixedSizeListsWithoutItems) {
  expect_corrupt("a fixed size list has 0 items",
                 [] { return fixed_bits(compression(fixed_size_list(0, flat(8)))); });
}

TEST(CompressionTest, RejectsFixedSizeListsWhoseWidthWraps) {
  expect_unsupported("this build reads whole bytes up to",
                     [] { return fixed_bits(compression(fixed_size_list(1ULL << 62, flat(8)))); });
}

TEST(CompressionTest, RejectsAWidthForStrings) {
  expect_unsupported("(encoding 2)", [] { return fixed_bits(compression(variable(32))); });
}

TEST(CompressionTest, RejectsPackedStructsWhoseFieldsDoNotAddUp) {
  expect_corrupt("fields have 96 bits, but its values have 128",
                 [] { return fixed_bits(compression(packed_struct({64, 32}, 128))); });
}

TEST(CompressionTest, RejectsPackedStructsWhoseSumWraps) {
  expect_corrupt("but its values have 128", [] {
    return fixed_bits(compression(packed_struct({~std::uint64_t{0} - 63, 192}, 128)));
  });
}

TEST(CompressionTest, RejectsAnEmptyMessage) {
  expect_corrupt("does not say how its data is encoded", [] { compression(""); });
}

TEST(CompressionTest, RejectsAMissingChild) {
  expect_corrupt("run-length encoding does not say how its data is encoded",
                 [] { return fixed_bits(compression(message(8, ""))); });
}

TEST(CompressionTest, RejectsDeepNesting) {
  std::string nested = flat(8);
  for (int i = 0; i < 8; ++i) nested = message(9, message(1, nested));  // streams of streams
  expect_unsupported("nested more than 8 deep", [&] { compression(nested); });
}

TEST(CompressionTest, ReadsNestingJustBelowTheLimit) {
  std::string nested = flat(8);
  for (int i = 0; i < 7; ++i) nested = message(9, message(1, nested));  // streams of streams
  EXPECT_EQ(fixed_bits(compression(nested)), 8);
}

TEST(CompressionTest, RejectsNestedGeneralCompression) {
  expect_unsupported("compressed values are compressed a second time",
                     [] { (void)compression(general(2, general(2, flat(8)))); });
  expect_unsupported("compressed a second time", [] {
    (void)compression(general(1, fsst(symbol_table({}), general(1, variable(32)))));
  });
}

TEST(CompressionTest, RejectsAnUnknownScheme) {
  expect_unsupported("scheme 3", [] { compression(general(3, flat(8))); });
}

TEST(CompressionTest, RejectsCompressionOfASingleBuffer) {
  expect_unsupported("a single buffer of the page is compressed",
                     [] { compression(message(1, varint(1, 8) + message(2, varint(1, 1)))); });
}

TEST(CompressionTest, RejectsATruncatedMessage) {
  const std::string whole = general(1, variable(32));
  expect_corrupt("not a well-formed protobuf message",
                 [&] { compression(whole.substr(0, whole.size() - 1)); });
}

}  // namespace
}  // namespace lancekeep::lance
