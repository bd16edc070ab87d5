// SPDX-License-Identifier: Apache-2.0
// Every code of every type of up to 16 bits, against the definition of such numbers.
#include "tensor/float_types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace lancekeep {
namespace {

// Sign, exponent and mantissa, put together with ldexp as the standards define them.
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

// What an exponent of all ones is for in the IEEE way.
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

}  // namespace
}  // namespace lancekeep
