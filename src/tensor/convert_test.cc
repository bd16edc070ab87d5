// SPDX-License-Identifier: Apache-2.0
// Exhaustive where the types are small enough. tests/tensor compares all conversions with torch.
#include "tensor/convert.h"

#include "io/testing/error_matcher.h"
#include "tensor/float_types.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace lancekeep {
namespace {

template <typename To, typename From>
std::vector<To> converted(std::string_view from_dtype, const std::vector<From>& from,
                          std::string_view to_dtype) {
  std::vector<To> to(from.size());
  const auto failed = convert(from_dtype, std::as_bytes(std::span(from)), to_dtype,
                              std::as_writable_bytes(std::span(to)), Rounding::as_torch);
  EXPECT_EQ(failed, std::nullopt) << from_dtype << " to " << to_dtype;
  return to;
}

// The index of the first value that cannot be converted; `To` is as wide as `to_dtype`.
template <typename To, typename From>
std::optional<std::size_t> failure(std::string_view from_dtype, const std::vector<From>& from,
                                   std::string_view to_dtype,
                                   Rounding rounding = Rounding::as_torch) {
  std::vector<To> to(from.size());
  return convert(from_dtype, std::as_bytes(std::span(from)), to_dtype,
                 std::as_writable_bytes(std::span(to)), rounding);
}

template <typename Code>
std::vector<Code> all_codes() {
  std::vector<Code> codes(std::size_t{1} << sizeof(Code) * 8);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<Code>(i);
  return codes;
}

// Whether a NaN of this type keeps its bits through float64 and back.
bool nan_survives(std::string_view dtype, std::uint32_t code) {
  return dtype != "float8_e5m2" || (code & 0x7f) == 0x7f;
}

template <typename Type>
void expect_widened(std::string_view dtype) {
  using Code = typename Type::Code;
  const auto codes = all_codes<Code>();
  const auto doubles = converted<double>(dtype, codes, "float64");
  const auto back = converted<Code>("float64", doubles, dtype);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const double value = Type::value(codes[i]);
    if (value == value) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(doubles[i]), std::bit_cast<std::uint64_t>(value)) << i;
    } else {
      EXPECT_TRUE(std::isnan(doubles[i])) << i;
    }
    if (value == value || nan_survives(dtype, codes[i])) {
      EXPECT_EQ(back[i], codes[i]) << dtype;
    }
    if (sizeof(Code) == 1) {
      EXPECT_EQ(failure<double>(dtype, std::vector<Code>{codes[i]}, "float64", Rounding::none),
                back[i] == codes[i] ? std::nullopt : std::optional<std::size_t>(0));
    }
  }
}

TEST(Convert, EveryCodeOfASmallFloatGoesToFloat64AndBack) {
  expect_widened<Float16>("float16");
  expect_widened<Bfloat16>("bfloat16");
  expect_widened<Float8E4m3fn>("float8_e4m3fn");
  expect_widened<Float8E4m3fnuz>("float8_e4m3fnuz");
  expect_widened<Float8E5m2>("float8_e5m2");
  expect_widened<Float8E5m2fnuz>("float8_e5m2fnuz");
  expect_widened<Float8E8m0fnu>("float8_e8m0fnu");
}

TEST(Convert, Float32NansKeepTheirBitsEvenIfSignalling) {
  const std::vector<std::uint32_t> nans = {0x7fc00000, 0x7f800001, 0xffbfffff, 0x7fc12345};
  const auto doubles = converted<std::uint64_t>("float32", nans, "float64");
  EXPECT_EQ(doubles[1], std::uint64_t{0x7ff0000020000000});
  EXPECT_EQ(converted<std::uint32_t>("float64", doubles, "float32"), nans);
  EXPECT_EQ(failure<double>("float32", nans, "float64", Rounding::none), std::nullopt);
}

TEST(Convert, ANanWhosePayloadDoesNotFitStaysANan) {
  const std::vector<std::uint64_t> nans = {0x7ff0000000000001, 0xfff0000000000001};
  EXPECT_EQ(converted<std::uint32_t>("float64", nans, "float32"),
            (std::vector<std::uint32_t>{0x7fc00000, 0xffc00000}));
  EXPECT_EQ(converted<std::uint16_t>("float64", nans, "float16"),
            (std::vector<std::uint16_t>{0x7e00, 0xfe00}));
}

TEST(Convert, EveryCodeOfASmallIntegerGoesEverywhereItFits) {
  std::vector<std::int16_t> all;
  for (std::int32_t i = -32768; i < 32768; ++i) all.push_back(static_cast<std::int16_t>(i));
  const auto doubles = converted<double>("int16", all, "float64");
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(doubles[i], all[i]);
  EXPECT_EQ(converted<std::int16_t>("float64", doubles, "int16"), all);
  EXPECT_EQ(converted<std::int64_t>("int16", all, "int64").front(), -32768);
  for (std::int16_t value = -300; value < 300; ++value) {
    const bool fits = value >= -128 && value <= 127;
    const std::vector<std::int16_t> one{value};
    EXPECT_EQ(failure<std::int8_t>("int16", one, "int8").has_value(), !fits) << value;
    EXPECT_EQ(failure<std::uint16_t>("int16", one, "uint16").has_value(), value < 0) << value;
    EXPECT_EQ(failure<std::uint8_t>("int16", one, "bool").has_value(), value != 0 && value != 1)
        << value;
  }
}

TEST(Convert, IntegersRoundOnceToFloat32) {
  // 2^25 + 2 lies half-way between two float32, 2^60 + 2^36 + 1 just above the middle of two:
  // through float64 it would be the middle.
  const std::vector<std::int64_t> numbers = {(1 << 25) + 2,
                                             (std::int64_t{1} << 60) + (std::int64_t{1} << 36) + 1};
  EXPECT_EQ(converted<float>("int64", numbers, "float32"),
            (std::vector<float>{0x1p25F, 0x1.000002p60F}));
}

TEST(Convert, SmallFloatsAreRoundedThroughFloat32) {
  // Just above the middle of two float16, but its float32 is the middle: even wins.
  const double number = 1 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(converted<std::uint16_t>("float64", std::vector{number}, "float16").front(), 0x3c00);
}

TEST(Convert, AFloatThatIsNotAnIntegerIsRejected) {
  const std::vector<double> numbers = {1, -0.0, 2.5, 3};
  EXPECT_EQ(failure<std::int32_t>("float64", numbers, "int32"), 2U);
  EXPECT_EQ(failure<std::int32_t>("float64", std::vector{std::nan("")}, "int32"), 0U);
  EXPECT_EQ(failure<std::int32_t>("float64", std::vector{HUGE_VAL}, "int32"), 0U);
}

TEST(Convert, TheEndsOfInt64AreExact) {
  EXPECT_EQ(converted<std::int64_t>("float64", std::vector{-0x1p63, 0x1.fffffffffffffp62}, "int64"),
            (std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(),
                                       std::numeric_limits<std::int64_t>::max() - 1023}));
  EXPECT_EQ(failure<std::int64_t>("float64", std::vector{0x1p63}, "int64"), 0U);
  EXPECT_EQ(failure<std::uint64_t>("float64", std::vector{0x1p64}, "uint64"), 0U);
  EXPECT_EQ(failure<std::uint64_t>("float64", std::vector{-1.0}, "uint64"), 0U);
  EXPECT_EQ(converted<std::uint64_t>("float64", std::vector{0x1p63}, "uint64").front(),
            std::uint64_t{1} << 63);
}

TEST(Convert, BoolIsZeroOrOne) {
  EXPECT_EQ(converted<std::uint8_t>("float64", std::vector{0.0, 1.0}, "bool"),
            (std::vector<std::uint8_t>{0, 1}));
  EXPECT_EQ(failure<std::uint8_t>("float64", std::vector{1.0, 2.0}, "bool"), 1U);
  EXPECT_EQ(failure<std::uint8_t>("uint64", std::vector<std::uint64_t>{2}, "bool"), 0U);
  EXPECT_EQ(converted<double>("bool", std::vector<std::uint8_t>{0, 1, 7}, "float64"),
            (std::vector<double>{0, 1, 1}));
}

TEST(Convert, WithoutRoundingOnlyConvertsValuesThatConvertBackUnchanged) {
  const std::vector<std::int64_t> integers = {1, std::int64_t{1} << 53,
                                              (std::int64_t{1} << 53) + 1};
  EXPECT_EQ(failure<double>("int64", integers, "float64", Rounding::none), 2U);
  EXPECT_EQ(failure<double>("int64", integers, "float64", Rounding::as_torch), std::nullopt);
  EXPECT_EQ(failure<double>("int64", std::vector{std::numeric_limits<std::int64_t>::max()},
                            "float64", Rounding::none),
            0U);
  EXPECT_EQ(failure<float>("float64", std::vector{0.5, 0.1}, "float32", Rounding::none), 1U);
  EXPECT_EQ(failure<double>("bool", std::vector<std::uint8_t>{1, 2}, "float64", Rounding::none),
            1U);
}

TEST(Convert, ManyBlocksAndAShortLastOne) {
  std::vector<double> numbers(100'003);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i) + 0.5;
  const auto floats = converted<float>("float64", numbers, "float32");
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(floats[i], numbers[i]);
  numbers.assign(numbers.size(), 1);
  numbers[70'001] = 0.5;
  EXPECT_EQ(failure<std::int8_t>("float64", numbers, "int8"), 70'001U);
}

TEST(Convert, BytesNeedNotBeAligned) {
  std::vector<std::byte> from(1 + 2 * sizeof(double));
  const double numbers[] = {1.5, -2};
  std::memcpy(from.data() + 1, numbers, sizeof(numbers));
  std::vector<std::byte> to(1 + 2 * sizeof(float));
  EXPECT_EQ(convert("float64", std::span(from).subspan(1), "float32", std::span(to).subspan(1),
                    Rounding::as_torch),
            std::nullopt);
  float found[2];
  std::memcpy(found, to.data() + 1, sizeof(found));
  EXPECT_EQ(found[0], 1.5F);
  EXPECT_EQ(found[1], -2.0F);
}

TEST(Convert, TheSameDtypeIsCopied) {
  const std::vector<std::uint8_t> bytes = {0, 1, 2, 255};
  EXPECT_EQ(converted<std::uint8_t>("bool", bytes, "bool"), bytes);
  EXPECT_EQ(failure<std::uint8_t>("bool", bytes, "bool", Rounding::none), std::nullopt);
  EXPECT_EQ(failure<std::uint8_t>("float8_e5m2", bytes, "float8_e5m2", Rounding::none),
            std::nullopt);
}

TEST(Convert, NoValuesGiveNoValues) {
  EXPECT_EQ(convert("float64", {}, "float32", {}, Rounding::none), std::nullopt);
  EXPECT_EQ(convert("float64", {}, "float64", {}, Rounding::none), std::nullopt);
}

TEST(Convert, SizesThatDoNotMatchAreRejected) {
  std::vector<std::byte> bytes(12);
  EXPECT_THAT([&] { (void)convert("float64", bytes, "float32", bytes, Rounding::as_torch); },
              io::fails_with(ErrorCode::invalid_argument, "12 bytes of float64"));
}

TEST(Convert, ADtypeThatIsNotANumberIsRejected) {
  std::vector<std::byte> bytes(16);
  EXPECT_THAT([&] { (void)convert("float64", bytes, "complex64", bytes, Rounding::as_torch); },
              io::fails_with(ErrorCode::invalid_argument, "`complex64`"));
}

TEST(Convert, WhichDtypesAreNumbers) {
  for (const char* dtype : {"bool", "uint8", "int8", "uint64", "int64", "float64", "float32",
                            "float16", "bfloat16", "float8_e4m3fn", "float8_e8m0fnu"}) {
    EXPECT_TRUE(is_number(dtype)) << dtype;
  }
  for (const char* dtype : {"", "json", "tree", "complex64", "complex32", "qint8", "bits8", "int4",
                            "uint1", "float4_e2m1fn_x2", "float"}) {
    EXPECT_FALSE(is_number(dtype)) << dtype;
  }
}

}  // namespace
}  // namespace lancekeep
