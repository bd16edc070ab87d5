// SPDX-License-Identifier: Apache-2.0
// The norms of a changed tensor, summed up from the bytes of both sides as they arrive.
#pragma once

#include <lancekeep/diff.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lancekeep::store {

/// Sums over pairs of values. A block is summed in double, and the blocks in long double, whose
/// range holds the square of every double: the squares of 1e200 and of 1e-200 still count.
struct ChangeSums {
  std::uint64_t values = 0;      ///< all pairs
  std::uint64_t differing = 0;   ///< pairs whose bits differ
  std::uint64_t non_finite = 0;  ///< pairs left out of the sums below: a side is not finite
  long double change = 0;        ///< sum of the squares of after − before
  long double before = 0;        ///< sum of squares
  long double after = 0;         ///< sum of squares
  long double product = 0;       ///< sum of before × after
  long double largest = 0;       ///< the largest absolute change

  ChangeSums& operator+=(const ChangeSums& other);
};

/// Sums up a block: the same number of whole elements on both sides, at most kBlockBytes bytes
/// each.
using ChangeKernel = ChangeSums (*)(std::span<const std::byte> before,
                                    std::span<const std::byte> after);
inline constexpr std::size_t kBlockBytes = 4096;

/// Whether changes of this dtype have norms: only float and complex dtypes do.
[[nodiscard]] bool has_norms(std::string_view dtype) noexcept;

/// Adds up the norms of one tensor. One thread.
class NormSum {
 public:
  /// `dtype` must have norms; see has_norms().
  explicit NormSum(std::string_view dtype);

  /// Both sides must have the same number of whole elements.
  void add(std::span<const std::byte> before, std::span<const std::byte> after);
  /// The norms of everything added so far. A norm beyond a double's range, such as that of two
  /// values of 1.7e308, is infinity.
  [[nodiscard]] ChangeNorms norms() const;

 private:
  ChangeKernel kernel_;
  ChangeSums sums_;
};

}  // namespace lancekeep::store
