// SPDX-License-Identifier: Apache-2.0
#include "store/diff/change_kernel.h"

#include "tensor/float_types.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

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
  std::uint32_t count = 0;  // narrow, for the sake of vector code; a block has far fewer values
  for (std::size_t i = 0; i < before.size() / sizeof(typename Type::Code); ++i) {
    count += code_at<Type>(before.data(), i) != code_at<Type>(after.data(), i);
  }
  return count;
}

// This loop must keep up with memory. The pragma lets the compiler add in several lanes: the order
// of additions is not ours to keep.
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

// Whether a double could not hold the squares. One value that is not finite leaves a sum that is
// not; and only a double's own square can be so small that digits of it, or all, are lost.
template <typename Type>
bool out_of_range(const ChangeSums& sums) {
  if (!std::isfinite(sums.change + sums.before + sums.after)) return true;
  if constexpr (!std::is_same_v<Type, Float64>) return false;
  constexpr double kSmallest = 1e-280;
  return sums.before < kSmallest || sums.after < kSmallest ||
         (sums.change < kSmallest && sums.largest > 0);
}

// A block as doubles, with 0 on both sides where one is not finite.
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
ChangeSums sum_with_care(Bytes before, Bytes after) {
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
  // First, as the lighter of both loops fetches the block from memory faster.
  const std::uint64_t differing = count_differing<Type>(before, after);
  ChangeSums sums = sum<Type>(before, after);
  if (out_of_range<Type>(sums)) sums = sum_with_care<Type>(before, after);
  sums.differing = differing;
  return sums;
}

// Two values to a byte; each gets one of its own.
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

ChangeKernel find_change_kernel(std::string_view dtype) noexcept {
  const auto* const found = std::ranges::find(kKernels, dtype, &Entry::dtype);
  return found == kKernels.end() ? nullptr : found->kernel;
}

}  // namespace lancekeep::store
