// SPDX-License-Identifier: Apache-2.0
// The way back from float_types.h: the code of the number of a small float type that is nearest to
// a float32, ties to even, as torch rounds. What is too large, infinity too, becomes infinity;
// where the type has none, NaN, but the largest number of float8_e4m3fn.
//
// Free of branches and tables, so that a loop over them becomes vector code. Constant; any thread
// may use it.
#pragma once

#include "tensor/float_types.h"

namespace lancekeep {
namespace single {

constexpr std::uint32_t kSign = 0x80000000;

// Drops the `count` lowest bits, to nearest, ties to even.
constexpr std::uint32_t drop_bits(std::uint32_t bits, unsigned count) {
  const std::uint32_t below_half = (std::uint32_t{1} << (count - 1)) - 1;
  return (bits + below_half + (bits >> count & 1)) >> count;
}

}  // namespace single

// A float's sign apart; the caller says what NaN becomes.
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

// Without its sign, as torch does. Half-way, the larger power of two, but from zero up.
inline std::uint32_t rounded(Float8E8m0fnu /*type*/, float number) {
  const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(number) & ~single::kSign;
  const std::uint32_t half = 1U << (single::kMantissaBits - 1);
  const std::uint32_t is_subnormal = magnitude >> single::kMantissaBits == 0 ? 1 : 0;
  const std::uint32_t code = (magnitude + half - is_subnormal) >> single::kMantissaBits;
  return single::select(code > 0xff || magnitude >= single::kInfinity, 0xff, code);
}

}  // namespace lancekeep
