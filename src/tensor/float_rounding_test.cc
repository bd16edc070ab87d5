// SPDX-License-Identifier: Apache-2.0
// Every place between two neighbouring numbers of the small float types, against the definition of
// rounding to the nearest.
#include "tensor/float_rounding.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lancekeep {
namespace {

// Between two neighbours half-way goes to the even code, all else to the nearer one. `keeps_sign`:
// zero, too, has one.
template <typename Type>
void expect_nearest(std::uint32_t largest, bool keeps_sign) {
  constexpr std::uint32_t kSign = 1U << (sizeof(typename Type::Code) * 8 - 1);
  for (std::uint32_t code = 0; code < largest; ++code) {
    const auto middle = static_cast<float>((Type::value(code) + Type::value(code + 1)) / 2);
    const auto expect = [&](float number, std::uint32_t expected) {
      EXPECT_EQ(rounded(Type(), number), expected) << number;
      const std::uint32_t sign = expected == 0 && !keeps_sign ? 0 : kSign;
      EXPECT_EQ(rounded(Type(), -number), expected | sign) << -number;
    };
    expect(static_cast<float>(Type::value(code)), code);
    expect(std::nextafter(middle, 0.0F), code);
    expect(middle, code % 2 == 0 ? code : code + 1);
    expect(std::nextafter(middle, HUGE_VALF), code + 1);
  }
}

TEST(FloatRounding, Float16) { expect_nearest<Float16>(0x7bff, true); }
TEST(FloatRounding, Bfloat16) { expect_nearest<Bfloat16>(0x7f7f, true); }
TEST(FloatRounding, Float8E4m3fn) { expect_nearest<Float8E4m3fn>(0x7e, true); }
TEST(FloatRounding, Float8E4m3fnuz) { expect_nearest<Float8E4m3fnuz>(0x7f, false); }
TEST(FloatRounding, Float8E5m2) { expect_nearest<Float8E5m2>(0x7b, true); }
TEST(FloatRounding, Float8E5m2fnuz) { expect_nearest<Float8E5m2fnuz>(0x7f, false); }

// Half-way between two powers of two the larger one is the nearer power.
TEST(FloatRounding, Float8E8m0fnu) {
  for (std::uint32_t code = 1; code < 0xfe; ++code) {
    const auto power = static_cast<float>(Float8E8m0fnu::value(code));
    const float middle = power * 1.5F;
    EXPECT_EQ(rounded(Float8E8m0fnu(), power), code);
    EXPECT_EQ(rounded(Float8E8m0fnu(), std::nextafter(middle, 0.0F)), code);
    EXPECT_EQ(rounded(Float8E8m0fnu(), middle), code + 1);
    EXPECT_EQ(rounded(Float8E8m0fnu(), -middle), code + 1);
  }
}

TEST(FloatRounding, Float8E8m0fnuBelowTheNormalNumbersAsTorchHasIt) {
  EXPECT_EQ(rounded(Float8E8m0fnu(), 0.0F), 0U);
  EXPECT_EQ(rounded(Float8E8m0fnu(), 0x1p-127F), 0U);
  EXPECT_EQ(rounded(Float8E8m0fnu(), std::nextafter(0x1p-127F, 1.0F)), 1U);
}

// What infinity, and the first number that rounds beyond the largest one, become.
template <typename Type>
void expect_too_large(float first, std::uint32_t positive, std::uint32_t negative) {
  EXPECT_EQ(rounded(Type(), first), positive);
  EXPECT_EQ(rounded(Type(), -first), negative);
  EXPECT_EQ(rounded(Type(), HUGE_VALF), positive);
  EXPECT_EQ(rounded(Type(), -HUGE_VALF), negative);
}

TEST(FloatRounding, WhatIsTooLargeBecomesInfinity) {
  expect_too_large<Float16>(65520, 0x7c00, 0xfc00);
  expect_too_large<Bfloat16>(0x1.ffp127F, 0x7f80, 0xff80);
  expect_too_large<Float8E5m2>(61440, 0x7c, 0xfc);
}

TEST(FloatRounding, WhatIsTooLargeBecomesTheLargestFloat8E4m3fn) {
  expect_too_large<Float8E4m3fn>(464, 0x7e, 0xfe);
  expect_too_large<Float8E4m3fn>(500, 0x7e, 0xfe);
}

TEST(FloatRounding, WhatIsTooLargeBecomesNanWhereThereIsNoInfinity) {
  expect_too_large<Float8E4m3fnuz>(248, 0x80, 0x80);
  expect_too_large<Float8E5m2fnuz>(61440, 0x80, 0x80);
  expect_too_large<Float8E8m0fnu>(0x1.8p127F, 0xff, 0xff);
}

template <typename Type>
void expect_nan(std::uint32_t positive, std::uint32_t negative) {
  EXPECT_EQ(rounded(Type(), std::nanf("")), positive);
  EXPECT_EQ(rounded(Type(), -std::nanf("")), negative);
}

TEST(FloatRounding, NanStaysNan) {
  expect_nan<Float16>(0x7fff, 0xffff);
  expect_nan<Bfloat16>(0x7fff, 0xffff);
  expect_nan<Float8E4m3fn>(0x7f, 0xff);
  expect_nan<Float8E4m3fnuz>(0x80, 0x80);
  expect_nan<Float8E5m2>(0x7f, 0xff);
  expect_nan<Float8E5m2fnuz>(0x80, 0x80);
  expect_nan<Float8E8m0fnu>(0xff, 0xff);
}

}  // namespace
}  // namespace lancekeep
