// SPDX-License-Identifier: Apache-2.0
#include "tensor/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace lancekeep {
namespace {

using testing::HasSubstr;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(Shape, CountsElementsAndBytes) {
  EXPECT_EQ(element_count({8, 3, 3, 3}), 216u);
  EXPECT_EQ(byte_count({8, 3, 3, 3}, 4), 864u);
}

TEST(Shape, AScalarHasOneElement) {
  EXPECT_EQ(element_count({}), 1u);
  EXPECT_EQ(byte_count({}, 16), 16u);
}

TEST(Shape, AZeroDimensionGivesZeroEvenWhereTheOthersOverflow) {
  EXPECT_EQ(element_count({3, 0, 2}), 0u);
  EXPECT_EQ(element_count({kMost, kMost, 0}), 0u);
}

TEST(Shape, NegativeDimensionsAreRefusedEvenBesideAZero) {
  EXPECT_EQ(element_count({2, -1}), std::nullopt);
  EXPECT_EQ(element_count({0, -1}), std::nullopt);
  EXPECT_THAT(shape_problem({2, -1}), HasSubstr("[2, -1] has a negative dimension"));
}

TEST(Shape, OverflowIsRefused) {
  EXPECT_EQ(element_count({kMost, 3}), std::nullopt);
  EXPECT_EQ(byte_count({kMost, 2}, 2), std::nullopt);
  EXPECT_EQ(byte_count({kMost, 2}, 1), 2 * static_cast<std::uint64_t>(kMost));
}

TEST(Shape, ExpectedBytesOfAKnownDtype) { EXPECT_EQ(expected_byte_count("bfloat16", {5}), 10u); }

TEST(Shape, NothingIsExpectedOfAnUnknownDtype) {
  EXPECT_EQ(expected_byte_count("float128", {5}), std::nullopt);
  EXPECT_EQ(expected_byte_count("json", {}), std::nullopt);
}

TEST(Shape, ExpectedBytesThatOverflowThrowAndNameTheShape) {
  try {
    (void)expected_byte_count("float32", {kMost, 4}, ErrorCode::corrupt, "a.lance");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_EQ(error.file(), "a.lance");
    EXPECT_THAT(error.what(), HasSubstr("shape [9223372036854775807, 4] takes more bytes"));
  }
}

TEST(Shape, Prints) {
  EXPECT_EQ(to_string(Shape{8, 3, 3, 3}), "[8, 3, 3, 3]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

TEST(Shape, RowMajorStrides) {
  EXPECT_EQ(row_major_strides({2, 3, 4}), (Shape{12, 4, 1}));
  EXPECT_EQ(row_major_strides({}), Shape{});
}

TEST(Shape, AZeroDimensionCountsAsOneInStrides) {
  EXPECT_EQ(row_major_strides({2, 0, 3}), (Shape{3, 3, 1}));
}

TEST(Shape, StridesThatDoNotFitAreNothing) {
  EXPECT_EQ(row_major_strides({2, kMost, 3}), std::nullopt);
  EXPECT_EQ(row_major_strides({kMost, kMost}), (Shape{kMost, 1}));
}

}  // namespace
}  // namespace lancekeep
