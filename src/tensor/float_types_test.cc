// SPDX-License-Identifier: Apache-2.0
// Every code of every type of up to 16 bits is compared with the definition of such numbers, and
// every place between two neighbouring numbers with the definition of rounding to nearest.
#include "tensor/float_types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace lancekeep {
namespace {

// Sign, exponent and mantissa, combined with ldexp as the standards define it.
double defined(std::uint32_t code, int exponent_bits, int mantissa_bits, int bias) {
  const int exponent = static_cast<int>(code >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const int mantissa = static_cast<int>(code) & ((1 << mantissa_bits) - 1);
  const int hidden = exponent == 0 ? 0 : 1 << mantissa_bits;
  const double size = std::ldexp(hidden + mantissa, std::max(exponent, 1) - bias - mantissa_bits);
  return code >> (exponent_bits + mantissa_bits) == 0 ? size : -size;
}

// Equal, or both NaN; 0 and −0 are not equal.
void expect_same(double found, double expected, std::uint32_t code) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(found)) << code << " gave " << found;
  } else {
    EXPECT_EQ(found, expected) << code;
    EXPECT_EQ(std::signbit(found), std::signbit(expected)) << code;
  }
}

// With an exponent of all ones for infinity and NaN, as in IEEE 754.
double defined_ieee(std::uint32_t code, int exponent_bits, int mantissa_bits, int bias) {
  const std::uint32_t top = ((1U << exponent_bits) - 1) << mantissa_bits;
  const std::uint32_t magnitude = code & ((1U << (exponent_bits + mantissa_bits)) - 1);
  if (magnitude < top) return defined(code, exponent_bits, mantissa_bits, bias);
  if (magnitude > top) return std::nan("");
  return magnitude == code ? HUGE_VAL : -HUGE_VAL;
}

TEST(FloatTypes, Float16) {
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    expect_same(Float16::value(code), defined_ieee(code, 5, 10, 15), code);
  }
  EXPECT_EQ(Float16::value(0x3c00), 1);
  EXPECT_EQ(Float16::value(0x0001), 0x1p-24);
  EXPECT_EQ(Float16::value(0x7bff), 65504);
}

TEST(FloatTypes, Bfloat16) {
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    expect_same(Bfloat16::value(code), defined_ieee(code, 8, 7, 127), code);
  }
  EXPECT_EQ(Bfloat16::value(0x3f80), 1);
  EXPECT_EQ(Bfloat16::value(0x0001), 0x1p-133);
}

TEST(FloatTypes, Float8E5m2) {
  for (std::uint32_t code = 0; code < 0x100; ++code) {
    expect_same(Float8E5m2::value(code), defined_ieee(code, 5, 2, 15), code);
  }
  EXPECT_EQ(Float8E5m2::value(0x7b), 57344);
}

TEST(FloatTypes, Float8E4m3fn) {
  for (std::uint32_t code = 0; code < 0x100; ++code) {
    const bool nan = code == 0x7f || code == 0xff;
    expect_same(Float8E4m3fn::value(code), nan ? std::nan("") : defined(code, 4, 3, 7), code);
  }
  EXPECT_EQ(Float8E4m3fn::value(0x7e), 448);
}

TEST(FloatTypes, Float8E4m3fnuz) {
  for (std::uint32_t code = 0; code < 0x100; ++code) {
    const double expected = code == 0x80 ? std::nan("") : defined(code, 4, 3, 8);
    expect_same(Float8E4m3fnuz::value(code), expected, code);
  }
  EXPECT_EQ(Float8E4m3fnuz::value(0x7f), 240);
}

TEST(FloatTypes, Float8E5m2fnuz) {
  for (std::uint32_t code = 0; code < 0x100; ++code) {
    const double expected = code == 0x80 ? std::nan("") : defined(code, 5, 2, 16);
    expect_same(Float8E5m2fnuz::value(code), expected, code);
  }
  EXPECT_EQ(Float8E5m2fnuz::value(0x7f), 57344);
}

TEST(FloatTypes, Float8E8m0fnu) {
  for (std::uint32_t code = 0; code < 0xff; ++code) {
    expect_same(Float8E8m0fnu::value(code), std::ldexp(1, static_cast<int>(code) - 127), code);
  }
  EXPECT_TRUE(std::isnan(Float8E8m0fnu::value(0xff)));
}

TEST(FloatTypes, Float4E2m1fn) {
  constexpr double kSizes[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (std::uint32_t code = 0; code < 16; ++code) {
    const double size = kSizes[code % 8];
    expect_same(Float4E2m1fn::value(code), code < 8 ? size : -size, code);
  }
}

TEST(FloatTypes, Float32) {
  for (const float value : {0.0F, -0.0F, 1.5F, -3e38F, 1e-45F, HUGE_VALF, NAN}) {
    expect_same(Float32::value(std::bit_cast<std::uint32_t>(value)), value, 0);
  }
}

TEST(FloatTypes, Float64) {
  for (const double value : {0.0, -0.0, 1.5, -1.7e308, 5e-324, HUGE_VAL, std::nan("")}) {
    expect_same(Float64::value(std::bit_cast<std::uint64_t>(value)), value, 0);
  }
}

// Half-way between two neighbours rounds to the even code, everything else to the nearer one.
// `keeps_sign`: zero has a sign as well.
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

// Half-way between two powers of two rounds to the larger one.
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

TEST(FloatRounding, Float8E8m0fnuBelowTheNormalNumbersRoundsAsInTorch) {
  EXPECT_EQ(rounded(Float8E8m0fnu(), 0.0F), 0U);
  EXPECT_EQ(rounded(Float8E8m0fnu(), 0x1p-127F), 0U);
  EXPECT_EQ(rounded(Float8E8m0fnu(), std::nextafter(0x1p-127F, 1.0F)), 1U);
}

// Infinity, and the first number that rounds beyond the largest one, become `expected`.
template <typename Type>
void expect_too_large(float first, std::uint32_t positive, std::uint32_t negative) {
  EXPECT_EQ(rounded(Type(), first), positive);
  EXPECT_EQ(rounded(Type(), -first), negative);
  EXPECT_EQ(rounded(Type(), HUGE_VALF), positive);
  EXPECT_EQ(rounded(Type(), -HUGE_VALF), negative);
}

TEST(FloatRounding, ANumberThatIsTooLargeBecomesInfinity) {
  expect_too_large<Float16>(65520, 0x7c00, 0xfc00);
  expect_too_large<Bfloat16>(0x1.ffp127F, 0x7f80, 0xff80);
  expect_too_large<Float8E5m2>(61440, 0x7c, 0xfc);
}

TEST(FloatRounding, ANumberThatIsTooLargeBecomesTheLargestFloat8E4m3fn) {
  expect_too_large<Float8E4m3fn>(464, 0x7e, 0xfe);
  expect_too_large<Float8E4m3fn>(500, 0x7e, 0xfe);
}

TEST(FloatRounding, ANumberThatIsTooLargeBecomesNanIfTheTypeLacksInfinity) {
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
