// SPDX-License-Identifier: Apache-2.0
// torch's floating-point types as they are in memory. Each type has a Code, an unsigned integer
// with the bits of one value, and value(), which returns that value exactly, as a double. The small
// types also have rounded(), which returns the code of a float32.
//
// The functions have no branches and no tables, so that a loop over them is vectorised. A
// signalling NaN becomes a quiet one. Constant; any thread may use it.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace lancekeep {

// float32 as its bits: sign, 8 bits of exponent with a bias of 127, 23 bits of mantissa.
namespace single {

constexpr unsigned kMantissaBits = 23;
constexpr int kBias = 127;
constexpr std::uint32_t kInfinity = 0x7f800000;
constexpr std::uint32_t kNan = 0x7fc00000;
constexpr std::uint32_t kSign = 0x80000000;

constexpr float power_of_two(int exponent) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(exponent + kBias) << kMantissaBits);
}

// Uses a mask because the compiler turns `?:` into a branch around the computation of `yes` and
// then does not vectorise the loop.
constexpr std::uint32_t select(bool condition, std::uint32_t yes, std::uint32_t no) {
  const std::uint32_t mask = 0 - static_cast<std::uint32_t>(condition);
  return (yes & mask) | (no & ~mask);
}

// Drops the `count` lowest bits and rounds to nearest, ties to even.
constexpr std::uint32_t drop_bits(std::uint32_t bits, unsigned count) {
  const std::uint32_t below_half = (std::uint32_t{1} << (count - 1)) - 1;
  return (bits + below_half + (bits >> count & 1)) >> count;
}

}  // namespace single

// The values that a format of 16 bits or fewer has besides finite numbers.
enum class SpecialValues {
  none,
  ieee,               // the largest exponent is for infinity and NaN
  all_ones,           // exponent and mantissa all ones are NaN ("fn")
  minus_zero_is_nan,  // ("fnuz")
};

// A sign bit, then exponent, then mantissa; an exponent of 0 is for zero and subnormal numbers.
template <unsigned kExponentBits, unsigned kMantissaBits, int kBias, SpecialValues kSpecials>
struct SmallFloat {
  static constexpr unsigned kBits = 1 + kExponentBits + kMantissaBits;
  using Code = std::conditional_t<kBits <= 8, std::uint8_t, std::uint16_t>;

  static double value(std::uint32_t code) {
    using single::select;
    constexpr std::uint32_t kSign = 1U << (kBits - 1);
    constexpr unsigned kWiden = single::kMantissaBits - kMantissaBits;
    constexpr std::uint32_t kRebias = static_cast<std::uint32_t>(single::kBias - kBias)
                                      << single::kMantissaBits;
    const std::uint32_t magnitude = code & (kSign - 1);
    // A subnormal number is its mantissa as an integer, times the smallest of them.
    const float subnormal = static_cast<float>(static_cast<std::int32_t>(magnitude)) *
                            single::power_of_two(1 - kBias - static_cast<int>(kMantissaBits));
    std::uint32_t bits =
        select(magnitude >> kMantissaBits == 0, std::bit_cast<std::uint32_t>(subnormal),
               (magnitude << kWiden) + kRebias);
    if constexpr (kSpecials == SpecialValues::ieee) {
      constexpr std::uint32_t kTop = ((1U << kExponentBits) - 1) << kMantissaBits;
      bits = select(magnitude >= kTop, (magnitude << kWiden) | single::kInfinity, bits);
    } else if constexpr (kSpecials == SpecialValues::all_ones) {
      bits = select(magnitude == kSign - 1, single::kNan, bits);
    } else if constexpr (kSpecials == SpecialValues::minus_zero_is_nan) {
      bits = select(code == kSign, single::kNan, bits);
    }
    return std::bit_cast<float>(bits | (code & kSign) << (32 - kBits));
  }
};

// float32 without its lower half.
struct Bfloat16 {
  using Code = std::uint16_t;
  static double value(std::uint32_t code) { return std::bit_cast<float>(code << 16); }
};

// The exponent of a power of two, without a sign.
struct Float8E8m0fnu {
  using Code = std::uint8_t;
  static double value(std::uint32_t code) {
    constexpr std::uint32_t kSmallest = 1U << (single::kMantissaBits - 1);  // 2^-127
    const std::uint32_t bits = single::select(code == 0, kSmallest, code << single::kMantissaBits);
    return std::bit_cast<float>(single::select(code == 0xff, single::kNan, bits));
  }
};

struct Float32 {
  using Code = std::uint32_t;
  static double value(std::uint32_t code) { return std::bit_cast<float>(code); }
};

struct Float64 {
  using Code = std::uint64_t;
  static double value(std::uint64_t code) { return std::bit_cast<double>(code); }
};

using Float16 = SmallFloat<5, 10, 15, SpecialValues::ieee>;
using Float8E4m3fn = SmallFloat<4, 3, 7, SpecialValues::all_ones>;
using Float8E4m3fnuz = SmallFloat<4, 3, 8, SpecialValues::minus_zero_is_nan>;
using Float8E5m2 = SmallFloat<5, 2, 15, SpecialValues::ieee>;
using Float8E5m2fnuz = SmallFloat<5, 2, 16, SpecialValues::minus_zero_is_nan>;
// In the lower four bits of its Code.
using Float4E2m1fn = SmallFloat<2, 1, 1, SpecialValues::none>;

// rounded(): the code of the value of a small float type that is nearest to a float32, ties to
// even, as torch rounds. A number that is too large, or infinite, becomes infinity; in types
// without infinity NaN, except in float8_e4m3fn, where it becomes the largest number.
template <unsigned kExponentBits, unsigned kMantissaBits, int kBias, SpecialValues kSpecials>
std::uint32_t rounded(SmallFloat<kExponentBits, kMantissaBits, kBias, kSpecials> /*type*/,
                      float number) {
  using single::select;
  constexpr std::uint32_t kSign = 1U << (kExponentBits + kMantissaBits);
  constexpr std::uint32_t kRebias = static_cast<std::uint32_t>(single::kBias - kBias)
                                    << single::kMantissaBits;
  constexpr std::uint32_t kSmallestNormal = static_cast<std::uint32_t>(1 - kBias + single::kBias)
                                            << single::kMantissaBits;
  // Beside this number a float32 has the resolution of the small type's subnormal numbers: adding
  // it rounds to one of them.
  constexpr float kAnchor = single::power_of_two(1 - kBias - static_cast<int>(kMantissaBits) +
                                                 static_cast<int>(single::kMantissaBits));
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(number);
  const std::uint32_t magnitude = bits & ~single::kSign;
  const std::uint32_t subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + kAnchor) -
      std::bit_cast<std::uint32_t>(kAnchor);
  const std::uint32_t normal =
      single::drop_bits(magnitude - kRebias, single::kMantissaBits - kMantissaBits);
  std::uint32_t code = select(magnitude < kSmallestNormal, subnormal, normal);
  const std::uint32_t sign = bits >> (31 - kExponentBits - kMantissaBits) & kSign;
  const bool is_nan = magnitude > single::kInfinity;
  if constexpr (kSpecials == SpecialValues::ieee) {
    constexpr std::uint32_t kTop = ((1U << kExponentBits) - 1) << kMantissaBits;
    code = select(is_nan, kSign - 1, select(code > kTop, kTop, code));
  } else if constexpr (kSpecials == SpecialValues::all_ones) {
    constexpr std::uint32_t kLargest = kSign - 2;
    code = select(is_nan, kSign - 1, select(code > kLargest, kLargest, code));
  } else {
    static_assert(kSpecials == SpecialValues::minus_zero_is_nan);
    return select(code >= kSign || is_nan, kSign, select(code == 0, 0, code | sign));
  }
  return code | sign;
}

inline std::uint32_t rounded(Bfloat16 /*type*/, float number) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(number);
  constexpr std::uint32_t kNan = 0x7fff;
  const bool is_nan = (bits & ~single::kSign) > single::kInfinity;
  return single::select(
      is_nan, kNan | (bits & single::kSign) >> 16,
      single::drop_bits(bits & ~single::kSign, 16) | (bits & single::kSign) >> 16);
}

// Ignores the sign, as torch does. Half-way values round to the larger power of two, but from zero
// up.
inline std::uint32_t rounded(Float8E8m0fnu /*type*/, float number) {
  const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(number) & ~single::kSign;
  const std::uint32_t half = 1U << (single::kMantissaBits - 1);
  const std::uint32_t is_subnormal = magnitude >> single::kMantissaBits == 0 ? 1 : 0;
  const std::uint32_t code = (magnitude + half - is_subnormal) >> single::kMantissaBits;
  return single::select(code > 0xff || magnitude >= single::kInfinity, 0xff, code);
}

}  // namespace lancekeep
