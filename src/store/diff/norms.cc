// SPDX-License-Identifier: Apache-2.0
#include "store/diff/norms.h"

#include "tensor/float_types.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace lancekeep {

double ChangeNorms::relative() const noexcept { return l2 == 0 ? 0 : l2 / l2_before; }

}  // namespace lancekeep

namespace lancekeep::store {
namespace {

using Bytes = std::span<const std::byte>;

template <typename Type>
typename Type::Code code_at(const std::byte* bytes, std::size_t index) {
  typename Type::Code code;
  std::memcpy(&code, bytes + index * sizeof(code), sizeof(code));
  return code;
}

template <typename Type>
std::uint64_t count_differing(Bytes before, Bytes after) {
  std::uint32_t count = 0;  // 32 bits vectorize better, and a block has far fewer values
  for (std::size_t i = 0; i < before.size() / sizeof(typename Type::Code); ++i) {
    count += code_at<Type>(before.data(), i) != code_at<Type>(after.data(), i);
  }
  return count;
}

// This loop must run at memory speed. The pragma lets the compiler add in several lanes, in any
// order.
template <typename Type>
ChangeSums sum(Bytes before, Bytes after) {
  const std::size_t values = before.size() / sizeof(typename Type::Code);
  double change = 0;
  double squares_before = 0;
  double squares_after = 0;
  double product = 0;
  double largest = 0;
#pragma omp simd reduction(+ : change, squares_before, squares_after, product) \
    reduction(max : largest)
  for (std::size_t i = 0; i < values; ++i) {
    const double a = Type::value(code_at<Type>(before.data(), i));
    const double b = Type::value(code_at<Type>(after.data(), i));
    const double difference = b - a;
    const double size = std::fabs(difference);
    change += difference * difference;
    squares_before += a * a;
    squares_after += b * b;
    product += a * b;
    largest = size > largest ? size : largest;
  }
  return {values, 0, 0, change, squares_before, squares_after, product, largest};
}

// Whether double was too narrow for the squares. A non-finite value makes the sum non-finite too,
// and only a float64 value can have a square so small that some or all of its digits are lost.
template <typename Type>
bool out_of_range(const ChangeSums& sums) {
  if (!std::isfinite(sums.change + sums.before + sums.after)) return true;
  if constexpr (!std::is_same_v<Type, Float64>) return false;
  constexpr double kSmallest = 1e-280;
  return sums.before < kSmallest || sums.after < kSmallest ||
         (sums.change < kSmallest && sums.largest > 0);
}

// A block as doubles; pairs with a value that is not finite are 0 on both sides.
struct FiniteValues {
  std::vector<double> before;
  std::vector<double> after;
  std::uint64_t cleared = 0;
};

template <typename Type>
FiniteValues finite_values(Bytes before, Bytes after) {
  const std::size_t count = before.size() / sizeof(typename Type::Code);
  FiniteValues values{std::vector<double>(count), std::vector<double>(count)};
  for (std::size_t i = 0; i < count; ++i) {
    const double a = Type::value(code_at<Type>(before.data(), i));
    const double b = Type::value(code_at<Type>(after.data(), i));
    const bool finite = std::isfinite(a) && std::isfinite(b);
    values.before[i] = finite ? a : 0;
    values.after[i] = finite ? b : 0;
    values.cleared += finite ? 0 : 1;
  }
  return values;
}

ChangeSums sum_in_long_double(const FiniteValues& values) {
  ChangeSums sums{.values = values.before.size()};
  for (std::size_t i = 0; i < sums.values; ++i) {
    const long double a = values.before[i];
    const long double b = values.after[i];
    sums.change += (b - a) * (b - a);
    sums.before += a * a;
    sums.after += b * b;
    sums.product += a * b;
    sums.largest = std::max(sums.largest, std::fabs(b - a));
  }
  return sums;
}

template <typename Type>
ChangeSums sum_finite_values(Bytes before, Bytes after) {
  const FiniteValues values = finite_values<Type>(before, after);
  const Bytes finite_before = std::as_bytes(std::span(values.before));
  const Bytes finite_after = std::as_bytes(std::span(values.after));
  ChangeSums sums = sum<Float64>(finite_before, finite_after);
  if (std::is_same_v<Type, Float64> && out_of_range<Float64>(sums)) {
    sums = sum_in_long_double(values);
  }
  sums.non_finite = values.cleared;
  return sums;
}

template <typename Type>
ChangeSums kernel(Bytes before, Bytes after) {
  // This loop runs first because it is the lighter of the two and fetches the block into the cache
  // faster.
  const std::uint64_t differing = count_differing<Type>(before, after);
  ChangeSums sums = sum<Type>(before, after);
  if (out_of_range<Type>(sums)) sums = sum_finite_values<Type>(before, after);
  sums.differing = differing;
  return sums;
}

// Two values per byte, unpacked to one byte each.
class Unpacked {
 public:
  explicit Unpacked(Bytes pairs) : size_(2 * pairs.size()) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      codes_[2 * i] = pairs[i] & std::byte{0xf};
      codes_[2 * i + 1] = pairs[i] >> 4;
    }
  }
  [[nodiscard]] Bytes codes() const { return Bytes(codes_).first(size_); }

 private:
  std::array<std::byte, 2 * kBlockBytes> codes_;
  std::size_t size_;
};

ChangeSums kernel_of_pairs(Bytes before, Bytes after) {
  return kernel<Float4E2m1fn>(Unpacked(before).codes(), Unpacked(after).codes());
}

struct Entry {
  std::string_view dtype;
  ChangeKernel kernel;
};

constexpr std::array<Entry, 13> kKernels = {{{"bfloat16", kernel<Bfloat16>},
                                             {"complex128", kernel<Float64>},
                                             {"complex32", kernel<Float16>},
                                             {"complex64", kernel<Float32>},
                                             {"float16", kernel<Float16>},
                                             {"float32", kernel<Float32>},
                                             {"float4_e2m1fn_x2", kernel_of_pairs},
                                             {"float64", kernel<Float64>},
                                             {"float8_e4m3fn", kernel<Float8E4m3fn>},
                                             {"float8_e4m3fnuz", kernel<Float8E4m3fnuz>},
                                             {"float8_e5m2", kernel<Float8E5m2>},
                                             {"float8_e5m2fnuz", kernel<Float8E5m2fnuz>},
                                             {"float8_e8m0fnu", kernel<Float8E8m0fnu>}}};

// Null for a dtype that is neither float nor complex.
ChangeKernel find_change_kernel(std::string_view dtype) noexcept {
  const auto* const found = std::ranges::find(kKernels, dtype, &Entry::dtype);
  return found == kKernels.end() ? nullptr : found->kernel;
}

double norm(long double sum_of_squares) { return static_cast<double>(std::sqrt(sum_of_squares)); }

double cosine(const ChangeSums& sums) {
  const long double lengths = std::sqrt(sums.before) * std::sqrt(sums.after);
  if (lengths == 0) return std::numeric_limits<double>::quiet_NaN();
  // Rounding may make the quotient a little larger than 1.
  return static_cast<double>(std::clamp(sums.product / lengths, -1.0L, 1.0L));
}

}  // namespace

ChangeSums& ChangeSums::operator+=(const ChangeSums& other) {
  values += other.values;
  differing += other.differing;
  non_finite += other.non_finite;
  change += other.change;
  before += other.before;
  after += other.after;
  product += other.product;
  largest = std::max(largest, other.largest);
  return *this;
}

bool has_norms(std::string_view dtype) noexcept { return find_change_kernel(dtype) != nullptr; }

NormSum::NormSum(std::string_view dtype) : kernel_(find_change_kernel(dtype)) {}

void NormSum::add(std::span<const std::byte> before, std::span<const std::byte> after) {
  for (std::size_t at = 0; at < before.size(); at += kBlockBytes) {
    const std::size_t size = std::min(kBlockBytes, before.size() - at);
    sums_ += kernel_(before.subspan(at, size), after.subspan(at, size));
  }
}

ChangeNorms NormSum::norms() const {
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
