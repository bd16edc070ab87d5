// SPDX-License-Identifier: Apache-2.0
#include "store/diff/figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lancekeep {

double ChangeNorms::relative() const noexcept { return l2 == 0 ? 0 : l2 / l2_before; }

}  // namespace lancekeep

namespace lancekeep::store {
namespace {

double norm(long double sum_of_squares) { return static_cast<double>(std::sqrt(sum_of_squares)); }

double cosine(const ChangeSums& sums) {
  const long double lengths = std::sqrt(sums.before) * std::sqrt(sums.after);
  if (lengths == 0) return std::numeric_limits<double>::quiet_NaN();
  // Rounding may take the quotient a little beyond 1.
  return static_cast<double>(std::clamp(sums.product / lengths, -1.0L, 1.0L));
}

}  // namespace

bool has_figures(std::string_view dtype) noexcept { return find_change_kernel(dtype) != nullptr; }

void FigureSum::add(std::span<const std::byte> before, std::span<const std::byte> after) {
  for (std::size_t at = 0; at < before.size(); at += kBlockBytes) {
    const std::size_t size = std::min(kBlockBytes, before.size() - at);
    sums_ += kernel_(before.subspan(at, size), after.subspan(at, size));
  }
}

ChangeNorms FigureSum::figures() const {
  return {.elements = sums_.values,
          .differing = sums_.differing,
          .non_finite = sums_.non_finite,
          .l2 = norm(sums_.change),
          .max_abs = static_cast<double>(sums_.largest),
          .l2_before = norm(sums_.before),
          .l2_after = norm(sums_.after),
          .cosine = cosine(sums_)};
}

}  // namespace lancekeep::store
