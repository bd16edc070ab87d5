// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/safetensors_reader.h"

#include "formats/safetensors/safetensors_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

class SafetensorsReader : public testing::Test {
 protected:
  std::unique_ptr<TensorSource> open(const std::string& bytes) {
    return open_safetensors(io::InputFile(folder_.write("m.safetensors", bytes)));
  }
  auto opening(const std::string& header, const std::string& data) {
    return [=, this] { (void)open(safetensors_of("{" + header + "}", data)); };
  }
  io::TemporaryFolder folder_;
};

TEST_F(SafetensorsReader, OffersTensorsInTheOrderOfTheHeader) {
  const auto source = open(safetensors_of(R"({"__metadata__":{"k":"v"},)" +
                                              safetensors_entry("z", "I16", "[2]", 3, 7) + "," +
                                              safetensors_entry("a", "U8", "[3]", 0, 3) + "," +
                                              safetensors_entry("e", "F32", "[0]", 7, 7) + "}",
                                          "abcdefg"));
  ASSERT_EQ(source->tensors().size(), 3u);
  EXPECT_EQ(source->tensors()[0].name, "z");
  EXPECT_EQ(source->tensors()[0].dtype, "int16");
  EXPECT_EQ(source->tensors()[0].nbytes, 4u);
  EXPECT_EQ(bytes_of(*source, 0), "defg");
  EXPECT_EQ(bytes_of(*source, 1), "abc");
  EXPECT_EQ(bytes_of(*source, 2), "");
  EXPECT_EQ(source->metadata(), (Metadata{{"k", "v"}}));
}

TEST_F(SafetensorsReader, ALargeTensorComesInPieces) {
  const std::string data(9 << 20, 'x');
  const auto source = open(
      safetensors_of("{" + safetensors_entry("w", "U8", "[9437184]", 0, data.size()) + "}", data));
  std::size_t pieces = 0;
  std::uint64_t total = 0;
  source->read(
      0, [&](std::span<const std::byte> piece) { return ++pieces, total += piece.size(), true; });
  EXPECT_EQ(total, data.size());
  EXPECT_EQ(pieces, 3u);
  pieces = 0;
  source->read(0, [&](std::span<const std::byte>) { return ++pieces < 2; });
  EXPECT_EQ(pieces, 2u);
}

TEST_F(SafetensorsReader, F4IsTorchsPackedDtype) {
  const auto source =
      open(safetensors_of("{" + safetensors_entry("w", "F4", "[2,4]", 0, 4) + "}", "abcd"));
  EXPECT_EQ(source->tensors()[0].dtype, "float4_e2m1fn_x2");
  EXPECT_EQ(source->tensors()[0].shape, (Shape{2, 2}));
}

TEST_F(SafetensorsReader, EmptyTensorsMayBeAnywhere) {
  const auto source = open(safetensors_of("{" + safetensors_entry("a", "U8", "[2]", 0, 2) + "," +
                                              safetensors_entry("e", "F32", "[0]", 2, 2) + "," +
                                              safetensors_entry("b", "U8", "[1]", 2, 3) + "," +
                                              safetensors_entry("f", "F64", "[4,0]", 0, 0) + "}",
                                          "abc"));
  EXPECT_EQ(source->tensors().size(), 4u);
  EXPECT_EQ(bytes_of(*source, 2), "c");
}

TEST_F(SafetensorsReader, ALongHeaderOfSpacesIsRead) {
  EXPECT_EQ(open(safetensors_of("{}" + std::string(5 << 20, ' '), ""))->tensors().size(), 0u);
}

TEST_F(SafetensorsReader, TensorsBeyondTheBudgetAreRejected) {
  std::string header;
  for (int i = 0; i < 4000; ++i) {
    header += (i ? "," : "{") + safetensors_entry(std::to_string(i), "U8", "[0]", 0, 0);
  }
  const io::InputFile file = file_of(safetensors_of(header + "}", ""));
  io::MemoryBudget budget(1 << 20, "m.safetensors");
  EXPECT_THAT([&] { (void)open_safetensors(file, budget); },
              fails_with(ErrorCode::unsupported, "the header's tensors would take more than"));
  EXPECT_EQ(open_safetensors(file)->tensors().size(), 4000u);
}

TEST_F(SafetensorsReader, MemoryIsTakenFromTheGivenBudget) {
  const std::string bytes =
      safetensors_of("{" + safetensors_entry("w", "U8", "[1]", 0, 1) + "}", "x");
  io::MemoryBudget budget(1 << 20, "m.safetensors");
  (void)open_safetensors(file_of(bytes), budget);
  EXPECT_LT(budget.left(), 1u << 20);
  EXPECT_GT(budget.left(), (1u << 20) - (40u << 10));
}

TEST_F(SafetensorsReader, AFileOfFewBytesIsRejected) {
  EXPECT_THAT([&] { (void)open("1234567"); }, fails_with(ErrorCode::corrupt, "at least 8 bytes"));
}

TEST_F(SafetensorsReader, AHeaderAboveTheLimitIsRejected) {
  EXPECT_THAT([&] { (void)open(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10)); },
              fails_with(ErrorCode::corrupt, "should have 100000001 bytes, but at most 100000000"));
}

TEST_F(SafetensorsReader, AHeaderBeyondTheEndIsRejected) {
  EXPECT_THAT([&] { (void)open(std::string("\x03\0\0\0\0\0\0\0{}", 10)); },
              fails_with(ErrorCode::corrupt, "should have 3 bytes, but 2 follow"));
}

TEST_F(SafetensorsReader, OffsetsBeyondTheDataAreRejected) {
  EXPECT_THAT(opening(safetensors_entry("w", "U8", "[4]", 0, 4), "abc"),
              fails_with(ErrorCode::corrupt, "data_offsets [0, 4], but the data has 3 bytes"));
}

TEST_F(SafetensorsReader, OffsetsInReverseAreRejected) {
  EXPECT_THAT(opening(safetensors_entry("w", "U8", "[1]", 2, 1), "abc"),
              fails_with(ErrorCode::corrupt, "data_offsets [2, 1]"));
}

TEST_F(SafetensorsReader, OverlappingTensorsAreRejected) {
  EXPECT_THAT(opening(safetensors_entry("a", "U8", "[2]", 0, 2) + "," +
                          safetensors_entry("b", "U8", "[2]", 1, 3),
                      "abc"),
              fails_with(ErrorCode::corrupt,
                         "`b` starts at byte 1 of the data, but the tensors before it end at 2: "
                         "tensors overlap"));
}

TEST_F(SafetensorsReader, HolesAreRejected) {
  EXPECT_THAT(opening(safetensors_entry("a", "U8", "[2]", 1, 3), "abc"),
              fails_with(ErrorCode::corrupt, "there is a hole"));
}

TEST_F(SafetensorsReader, BytesAfterTheLastTensorAreRejected) {
  EXPECT_THAT(opening(safetensors_entry("a", "U8", "[2]", 0, 2), "abc"),
              fails_with(ErrorCode::corrupt, "the tensors end at byte 2 of the data, which has 3"));
}

TEST_F(SafetensorsReader, ASizeThatDoesNotMatchTheShapeIsRejected) {
  EXPECT_THAT(
      opening(safetensors_entry("a", "F32", "[2]", 0, 4), "abcd"),
      fails_with(ErrorCode::corrupt, "shape [2] takes 8 bytes, but its data_offsets span 4"));
}

TEST_F(SafetensorsReader, AShapeThatOverflowsIsRejected) {
  EXPECT_THAT(opening(safetensors_entry("a", "F32", "[4611686018427387904,4]", 0, 0), ""),
              fails_with(ErrorCode::corrupt, "[4611686018427387904, 4]"));
}

// As in the reference reader, a zero does not undo an overflow before it.
TEST_F(SafetensorsReader, AShapeThatOverflowsBeforeAZeroIsRejected) {
  EXPECT_THAT(opening(safetensors_entry("a", "U8", "[4611686018427387904,8,0]", 0, 0), ""),
              fails_with(ErrorCode::corrupt, "takes a fraction of a byte or more than 64 bits"));
  EXPECT_EQ(
      open(safetensors_of(
               "{" + safetensors_entry("a", "U8", "[0,4611686018427387904,8]", 0, 0) + "}", ""))
          ->tensors()
          .size(),
      1u);
}

TEST_F(SafetensorsReader, AnUnknownDtypeIsRejectedByName) {
  EXPECT_THAT(opening(safetensors_entry("a", "F2", "[4]", 0, 1), "a"),
              fails_with(ErrorCode::unsupported, "tensor `a` has the dtype `F2`"));
}

TEST_F(SafetensorsReader, AnOddF4DimensionIsRejected) {
  EXPECT_THAT(opening(safetensors_entry("a", "F4", "[2,3]", 0, 3), "abc"),
              fails_with(ErrorCode::unsupported, "the last dimension must be even"));
}

}  // namespace
}  // namespace lancekeep::formats
