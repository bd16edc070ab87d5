// SPDX-License-Identifier: Apache-2.0
// The loops over the values of a changed tensor: one kernel for each float and complex dtype.
//
// A kernel takes a block of both sides' bytes and gives its sums. They are double within a block,
// and long double from then on, whose range holds the square of every double: squares of 1e200 and
// of 1e-200 count. Constant; any thread may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lancekeep::store {

/// Of pairs of values of which both are finite.
struct ChangeSums {
  std::uint64_t values = 0;      ///< all of them
  std::uint64_t differing = 0;   ///< those whose bits differ
  std::uint64_t non_finite = 0;  ///< those left out of what follows
  long double change = 0;        ///< sum of the squares of after − before
  long double before = 0;        ///< sum of squares
  long double after = 0;         ///< sum of squares
  long double product = 0;       ///< sum of before × after
  long double largest = 0;       ///< absolute change

  ChangeSums& operator+=(const ChangeSums& other);
};

/// Both spans hold the same number of whole elements, at most kBlockBytes bytes.
using ChangeKernel = ChangeSums (*)(std::span<const std::byte> before,
                                    std::span<const std::byte> after);
inline constexpr std::size_t kBlockBytes = 4096;

/// Null for a dtype that is neither float nor complex.
[[nodiscard]] ChangeKernel find_change_kernel(std::string_view dtype) noexcept;

}  // namespace lancekeep::store
