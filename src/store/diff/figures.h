// SPDX-License-Identifier: Apache-2.0
// The figures of one changed tensor, from both sides' bytes as they come. One thread at a time.
#pragma once

#include <lancekeep/diff.h>

#include "store/diff/change_kernel.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace lancekeep::store {

/// Whether there are figures for changes of this dtype: it is float or complex.
[[nodiscard]] bool has_figures(std::string_view dtype) noexcept;

class FigureSum {
 public:
  /// `dtype` has figures.
  explicit FigureSum(std::string_view dtype) : kernel_(find_change_kernel(dtype)) {}

  /// Both hold the same number of whole elements.
  void add(std::span<const std::byte> before, std::span<const std::byte> after);
  /// Of all that was added. What is beyond a double's range, as the norm of two values of 1.7e308
  /// is, becomes infinity.
  [[nodiscard]] ChangeNorms figures() const;

 private:
  ChangeKernel kernel_;
  ChangeSums sums_;
};

}  // namespace lancekeep::store
