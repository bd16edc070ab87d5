// SPDX-License-Identifier: Apache-2.0
// The dtypes that are numbers, and how a block of each becomes numbers of the widest type of its
// kind, and comes of them: two loops per dtype instead of one per pair.
//
// Constant; any thread may use it. Bytes need not be aligned.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lancekeep {

/// Values of a block, which stays in a core's first cache.
inline constexpr std::size_t kBlock = 512;

enum class Wide { float64, int64, uint64 };

/// kBlock values of one of the Wide types.
union WideBlock {
  std::array<double, kBlock> float64;
  std::array<std::int64_t, kBlock> int64;
  std::array<std::uint64_t, kBlock> uint64;
};

/// The functions take up to kBlock values. Those that may find one that the dtype cannot hold give
/// how many they converted before it.
struct NumberKind {
  std::string_view dtype;
  std::size_t itemsize;
  Wide wide;
  void (*widen)(const std::byte* from, std::size_t count, WideBlock& wide);
  std::size_t (*from_float64)(const double* wide, std::size_t count, std::byte* to);
  std::size_t (*from_int64)(const std::int64_t* wide, std::size_t count, std::byte* to);
  std::size_t (*from_uint64)(const std::uint64_t* wide, std::size_t count, std::byte* to);
};

/// Nothing for a dtype that is no number.
[[nodiscard]] const NumberKind* find_number_kind(std::string_view dtype) noexcept;

}  // namespace lancekeep
