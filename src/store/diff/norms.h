// SPDX-License-Identifier: Apache-2.0
// The norms of a changed tensor, summed up from the bytes of both sides as they arrive.
#pragma once

#include <lancekeep/diff.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lancekeep::store {

/// Sums over pairs of values. Sums are double within a block and long double from then on, whose
/// range holds the square of every double: squares of 1e200 and of 1e-200 count.
struct ChangeSums {
  std::uint64_t values = 0;      ///< all of them
  std::uint64_t differing = 0;   ///< those whose bits differ
  std::uint64_t non_finite = 0;  ///< those left out of the sums below, as one side is not finite
  long double change = 0;        ///< sum of the squares of after − before
  long double before = 0;        ///< sum of squares
  long double after = 0;         ///< sum of squares
  long double product = 0;       ///< sum of before × after
  long double largest = 0;       ///< absolute change

  ChangeSums& operator+=(const ChangeSums& other);
};

/// Sums up a block: the same number of whole elements of both sides, at most kBlockBytes bytes.
using ChangeKernel = ChangeSums (*)(std::span<const std::byte> before,
                                    std::span<const std::byte> after);
inline constexpr std::size_t kBlockBytes = 4096;

/// Whether changes of this dtype have norms: it is float or complex.
[[nodiscard]] bool has_norms(std::string_view dtype) noexcept;

/// One thread.
class NormSum {
 public:
  /// `dtype` has norms.
  explicit NormSum(std::string_view dtype);

  /// Both sides have the same number of whole elements.
  void add(std::span<const std::byte> before, std::span<const std::byte> after);
  /// Of everything added so far. A norm beyond a double's range, such as that of two values of
  /// 1.7e308, is infinity.
  [[nodiscard]] ChangeNorms norms() const;

 private:
  ChangeKernel kernel_;
  ChangeSums sums_;
};

}  // namespace lancekeep::store
