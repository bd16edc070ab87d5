// SPDX-License-Identifier: Apache-2.0
#include "tensor/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace lancekeep {
namespace {

using testing::HasSubstr;
TEST(Shape, CountsElementsAndBytes) {
  EXPECT_EQ(element_count({8, 3, 3, 3}), 216u);
  EXPECT_EQ(byte_count({8, 3, 3, 3}, 4), 864u);
}

TEST(Shape, AScalarHasOneElement) {
  EXPECT_EQ(element_count({}), 1u);
  EXPECT_EQ(byte_count({}, 16), 16u);
}

TEST(Shape, AZeroDimensionGivesZeroEvenIfTheOthersOverflow) {
  EXPECT_EQ(element_count({3, 0, 2}), 0u);
  EXPECT_EQ(element_count({INT64_MAX, INT64_MAX, 0}), 0u);
}

TEST(Shape, NegativeDimensionsAreRejectedEvenBesideAZero) {
  EXPECT_EQ(element_count({2, -1}), std::nullopt);
  EXPECT_EQ(element_count({0, -1}), std::nullopt);
  EXPECT_THAT(shape_problem({2, -1}), HasSubstr("[2, -1] has a negative dimension"));
}

TEST(Shape, OverflowIsRejected) {
  EXPECT_EQ(element_count({INT64_MAX, 3}), std::nullopt);
  EXPECT_EQ(byte_count({INT64_MAX, 2}, 2), std::nullopt);
  EXPECT_EQ(byte_count({INT64_MAX, 2}, 1), 2 * static_cast<std::uint64_t>(INT64_MAX));
  EXPECT_THAT(shape_problem({INT64_MAX, 4}),
              HasSubstr("shape [9223372036854775807, 4] takes more bytes"));
}

TEST(Shape, RowMajorStrides) {
  EXPECT_EQ(row_major_strides({2, 3, 4}), (Shape{12, 4, 1}));
  EXPECT_EQ(row_major_strides({}), Shape{});
}

TEST(Shape, AZeroDimensionCountsAsOneInStrides) {
  EXPECT_EQ(row_major_strides({2, 0, 3}), (Shape{3, 3, 1}));
}

TEST(Shape, StridesThatDoNotFitAreUnset) {
  EXPECT_EQ(row_major_strides({2, INT64_MAX, 3}), std::nullopt);
  EXPECT_EQ(row_major_strides({INT64_MAX, INT64_MAX}), (Shape{INT64_MAX, 1}));
}

}  // namespace
}  // namespace lancekeep
