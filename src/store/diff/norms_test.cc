// SPDX-License-Identifier: Apache-2.0
#include "store/diff/norms.h"

#include "tensor/source_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace lancekeep::store {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <typename Number>
ChangeNorms norms(const char* dtype, const std::vector<Number>& before,
                  const std::vector<Number>& after) {
  NormSum sum(dtype);
  sum.add(std::as_bytes(std::span(before)), std::as_bytes(std::span(after)));
  return sum.norms();
}

ChangeNorms of_doubles(const std::vector<double>& before, const std::vector<double>& after) {
  return norms("float64", before, after);
}

TEST(Norms, EveryFloatAndComplexDtypeHasNorms) {
  for (const auto& [name, itemsize] : kTorchDtypes) {
    const bool floats = name.find("float") != name.npos || name.find("complex") != name.npos;
    EXPECT_EQ(has_norms(name), floats) << name;
  }
  EXPECT_FALSE(has_norms("json"));
  EXPECT_FALSE(has_norms("float256"));
}

TEST(Norms, OfATriangle) {
  const ChangeNorms found = of_doubles({3, 0, 0}, {3, 4, -1});
  EXPECT_EQ(found.elements, 3U);
  EXPECT_EQ(found.differing, 2U);
  EXPECT_EQ(found.non_finite, 0U);
  EXPECT_DOUBLE_EQ(found.l2, std::sqrt(17));
  EXPECT_EQ(found.max_abs, 4);
  EXPECT_EQ(found.l2_before, 3);
  EXPECT_DOUBLE_EQ(found.l2_after, std::sqrt(26));
  EXPECT_DOUBLE_EQ(found.cosine, 9 / (3 * std::sqrt(26)));
  EXPECT_DOUBLE_EQ(found.relative(), std::sqrt(17) / 3);
}

TEST(Norms, OfNothing) {
  const ChangeNorms found = of_doubles({}, {});
  EXPECT_EQ(found.elements, 0U);
  EXPECT_EQ(found.l2, 0);
  EXPECT_EQ(found.relative(), 0);
  EXPECT_TRUE(std::isnan(found.cosine));
}

TEST(Norms, FromAllZeros) {
  const ChangeNorms found = of_doubles({0, 0}, {0, 2});
  EXPECT_EQ(found.relative(), kInfinity);
  EXPECT_TRUE(std::isnan(found.cosine));
}

TEST(Norms, MinusZeroDiffersButMovesNothing) {
  const ChangeNorms found = of_doubles({0.0, 1}, {-0.0, 1});
  EXPECT_EQ(found.differing, 1U);
  EXPECT_EQ(found.l2, 0);
  EXPECT_EQ(found.max_abs, 0);
  EXPECT_EQ(found.cosine, 1);
}

TEST(Norms, NonFiniteValuesAreCountedAndLeftOut) {
  const ChangeNorms found =
      of_doubles({kNan, kNan, 1, kInfinity, 5, 3}, {kNan, 1, kInfinity, -kInfinity, kNan, 7});
  EXPECT_EQ(found.elements, 6U);
  EXPECT_EQ(found.differing, 5U);
  EXPECT_EQ(found.non_finite, 5U);
  EXPECT_EQ(found.l2, 4);
  EXPECT_EQ(found.max_abs, 4);
  EXPECT_EQ(found.l2_before, 3);
  EXPECT_EQ(found.l2_after, 7);
  EXPECT_EQ(found.cosine, 1);
}

TEST(Norms, NothingIsFinite) {
  const ChangeNorms found =
      norms("float32", std::vector<float>(3, NAN), std::vector<float>(3, INFINITY));
  EXPECT_EQ(found.non_finite, 3U);
  EXPECT_EQ(found.l2, 0);
  EXPECT_TRUE(std::isnan(found.cosine));
}

TEST(Norms, SquaresBeyondTheRangeOfADouble) {
  const ChangeNorms found = of_doubles({3e200, 1}, {7e200, kNan});
  EXPECT_DOUBLE_EQ(found.l2, 4e200);
  EXPECT_DOUBLE_EQ(found.l2_before, 3e200);
  EXPECT_DOUBLE_EQ(found.l2_after, 7e200);
  EXPECT_DOUBLE_EQ(found.cosine, 1);
  EXPECT_EQ(found.non_finite, 1U);
}

TEST(Norms, SquaresBelowTheRangeOfADouble) {
  const ChangeNorms found = of_doubles({3e-200, 0}, {3e-200, 4e-200});
  EXPECT_DOUBLE_EQ(found.l2, 4e-200);
  EXPECT_DOUBLE_EQ(found.l2_after, 5e-200);
  EXPECT_DOUBLE_EQ(found.cosine, 0.6);
}

TEST(Norms, ASmallChangeOfLargeValues) {
  const ChangeNorms found = of_doubles({1, 0}, {1, 1e-200});
  EXPECT_DOUBLE_EQ(found.l2, 1e-200);
}

TEST(Norms, ANormBeyondADouble) {
  const ChangeNorms found = of_doubles({1.7e308, 1.7e308}, {-1.7e308, 1.7e308});
  EXPECT_EQ(found.l2_before, kInfinity);
  EXPECT_EQ(found.max_abs, kInfinity);
  EXPECT_EQ(found.non_finite, 0U);
  EXPECT_EQ(found.cosine, 0);
}

TEST(Norms, CosineIsNeverBeyondOne) {
  const std::vector<double> values = {0.1, 0.2, 0.3, 0.7, 1e-3};
  const std::vector<double> more = {0.3, 0.6, 0.9, 2.1, 3e-3};
  EXPECT_LE(of_doubles(values, more).cosine, 1);
  EXPECT_NEAR(of_doubles(values, more).cosine, 1, 1e-15);
}

TEST(Norms, LongerThanABlockAndInPieces) {
  constexpr std::size_t kCount = 10'007;
  std::vector<float> before(kCount);
  std::vector<float> after(kCount);
  long double change = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    before[i] = static_cast<float>(i) / 7;
    after[i] = i % 3 == 0 ? before[i] : before[i] * 1.001F;
    change += std::pow(static_cast<long double>(after[i]) - before[i], 2);
  }
  NormSum sum("float32");
  for (std::size_t at = 0; at < kCount; at += 1999) {
    const std::size_t count = std::min<std::size_t>(1999, kCount - at);
    sum.add(std::as_bytes(std::span(before).subspan(at, count)),
            std::as_bytes(std::span(after).subspan(at, count)));
  }
  const ChangeNorms found = sum.norms();
  EXPECT_EQ(found.elements, kCount);
  EXPECT_EQ(found.differing, kCount - (kCount + 2) / 3);
  EXPECT_NEAR(found.l2, static_cast<double>(std::sqrt(change)), found.l2 * 1e-14);
}

TEST(Norms, AComplexElementCountsAsTwo) {
  const ChangeNorms found = norms<float>("complex64", {1, 2, 3, 4}, {1, 2, 3, 9});
  EXPECT_EQ(found.elements, 4U);
  EXPECT_EQ(found.differing, 1U);
  EXPECT_EQ(found.l2, 5);
}

TEST(Norms, AByteOfFloat4CountsAsTwo) {
  // 0.5 and 6 become 0.5 and −1; −0 and 0 become 0 and 0.
  const ChangeNorms found = norms<std::uint8_t>("float4_e2m1fn_x2", {0x71, 0x08}, {0xa1, 0x00});
  EXPECT_EQ(found.elements, 4U);
  EXPECT_EQ(found.differing, 2U);
  EXPECT_EQ(found.l2, 7);
  EXPECT_DOUBLE_EQ(found.l2_after, std::sqrt(1.25));
}

TEST(Norms, MoreFloat4ThanABlockHolds) {
  const std::vector<std::uint8_t> before(kBlockBytes + 1, 0x22);  // all 1
  const std::vector<std::uint8_t> after(kBlockBytes + 1, 0x24);   // 2, 1, 2, 1, …
  const ChangeNorms found = norms("float4_e2m1fn_x2", before, after);
  EXPECT_EQ(found.elements, 2 * before.size());
  EXPECT_EQ(found.differing, before.size());
  EXPECT_DOUBLE_EQ(found.l2, std::sqrt(static_cast<double>(before.size())));
}

TEST(Norms, UnalignedBytes) {
  std::string before(13, '\0');
  std::string after(13, '\0');
  const float values[] = {1, 2, 4};
  std::memcpy(after.data() + 1, values, sizeof(values));
  NormSum sum("float32");
  sum.add(std::as_bytes(std::span(before)).subspan(1), std::as_bytes(std::span(after)).subspan(1));
  EXPECT_DOUBLE_EQ(sum.norms().l2, std::sqrt(21));
}

}  // namespace
}  // namespace lancekeep::store
