// SPDX-License-Identifier: Apache-2.0
// Arithmetic on numbers from files: the result is unset if it does not fit the type. Pure functions;
// any thread may call them.
#pragma once

#include <concepts>
#include <optional>

namespace lancekeep::io {

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b) noexcept {
  T result;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_mul(T a, T b) noexcept {
  T result;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// `value` rounded up to a multiple of `alignment` (a power of two).
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_align(T value, T alignment) noexcept {
  const auto sum = checked_add<T>(value, alignment - 1);
  if (!sum) return std::nullopt;
  return *sum & ~(alignment - 1);
}

}  // namespace lancekeep::io
