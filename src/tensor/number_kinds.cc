// SPDX-License-Identifier: Apache-2.0
#include "tensor/number_kinds.h"

#include "tensor/float_rounding.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace lancekeep {
namespace {

template <typename T>
T load(const std::byte* from, std::size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void store(std::byte* to, std::size_t index, T value) {
  std::memcpy(to + index * sizeof(T), &value, sizeof(T));
}

// The bits of a NaN that tell it from others, in types that keep them when converted. A processor
// would make a quiet NaN of a signalling one.
template <typename Type>
constexpr unsigned kNanBits = 0;
template <>
constexpr unsigned kNanBits<Float64> = 52;
template <>
constexpr unsigned kNanBits<Float32> = 23;
template <>
constexpr unsigned kNanBits<Float16> = 10;
template <>
constexpr unsigned kNanBits<Bfloat16> = 7;

template <typename Type>
double widen_nan(typename Type::Code code) {
  constexpr unsigned kSignAt = sizeof(code) * 8 - 1;
  const std::uint64_t sign = std::uint64_t{code} >> kSignAt;
  const std::uint64_t payload = code & ((std::uint64_t{1} << kNanBits<Type>)-1);
  return std::bit_cast<double>(sign << 63 | std::uint64_t{0x7ff} << 52 |
                               payload << (52 - kNanBits<Type>));
}

template <typename Type>
typename Type::Code narrow_nan(double nan) {
  using Code = typename Type::Code;
  constexpr unsigned kSignAt = sizeof(Code) * 8 - 1;
  constexpr unsigned kBits = kNanBits<Type>;
  constexpr std::uint64_t kExponent = (std::uint64_t{1} << kSignAt) - (std::uint64_t{1} << kBits);
  const auto bits = std::bit_cast<std::uint64_t>(nan);
  std::uint64_t payload = (bits & ((std::uint64_t{1} << 52) - 1)) >> (52 - kBits);
  if (payload == 0) payload = std::uint64_t{1} << (kBits - 1);  // not an infinity
  return static_cast<Code>((bits >> 63) << kSignAt | kExponent | payload);
}

template <typename Type>
void widen_floats(const std::byte* from, std::size_t count, WideBlock& wide) {
  using Code = typename Type::Code;
  unsigned nans = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = Type::value(load<Code>(from, i));
    wide.float64[i] = value;
    nans |= static_cast<unsigned>(value != value);
  }
  if constexpr (kNanBits<Type> != 0) {
    for (std::size_t i = 0; nans != 0 && i < count; ++i) {
      if (wide.float64[i] != wide.float64[i]) {
        wide.float64[i] = widen_nan<Type>(load<Code>(from, i));
      }
    }
  }
}

template <typename Type>
typename Type::Code narrow_float(double value) {
  if constexpr (std::is_same_v<Type, Float64>) {
    return std::bit_cast<std::uint64_t>(value);
  } else if constexpr (std::is_same_v<Type, Float32>) {
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  } else {
    return static_cast<typename Type::Code>(rounded(Type(), static_cast<float>(value)));
  }
}

template <typename Type>
std::size_t narrow_floats(const double* wide, std::size_t count, std::byte* to) {
  unsigned nans = 0;
  for (std::size_t i = 0; i < count; ++i) {
    store(to, i, narrow_float<Type>(wide[i]));
    nans |= static_cast<unsigned>(wide[i] != wide[i]);
  }
  if constexpr (kNanBits<Type> != 0) {
    for (std::size_t i = 0; nans != 0 && i < count; ++i) {
      if (wide[i] != wide[i]) store(to, i, narrow_nan<Type>(wide[i]));
    }
  }
  return count;
}

// torch rounds an integer once to float32, and from there to what is narrower.
template <typename Type, typename Integer>
std::size_t integers_to_floats(const Integer* wide, std::size_t count, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<Type, Float64>) {
      store(to, i, static_cast<double>(wide[i]));
    } else if constexpr (std::is_same_v<Type, Float32>) {
      store(to, i, static_cast<float>(wide[i]));
    } else {
      store(to, i, static_cast<typename Type::Code>(rounded(Type(), static_cast<float>(wide[i]))));
    }
  }
  return count;
}

template <typename Integer>
void widen_integers(const std::byte* from, std::size_t count, WideBlock& wide) {
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<Integer, std::uint64_t>) {
      wide.uint64[i] = load<Integer>(from, i);
    } else {
      wide.int64[i] = load<Integer>(from, i);
    }
  }
}

// Any byte but 0 is true.
void widen_bools(const std::byte* from, std::size_t count, WideBlock& wide) {
  for (std::size_t i = 0; i < count; ++i) wide.int64[i] = from[i] == std::byte{0} ? 0 : 1;
}

// Both give how many values, from the first on, could be converted. `Largest` is 1 for bool.
template <typename Integer, Integer kLargest>
std::size_t floats_to_integers(const double* wide, std::size_t count, std::byte* to) {
  constexpr auto kLowest = static_cast<double>(std::numeric_limits<Integer>::min());
  constexpr int kDigits = kLargest == 1 ? 1 : std::numeric_limits<Integer>::digits;
  // One past the largest, which a double need not have itself.
  constexpr double kPast = static_cast<double>(std::uint64_t{1} << (kDigits - 1)) * 2;
  for (std::size_t i = 0; i < count; ++i) {
    const bool fits = wide[i] >= kLowest && wide[i] < kPast;
    if (!fits) return i;
    const auto value = static_cast<Integer>(wide[i]);
    if (static_cast<double>(value) != wide[i]) return i;
    store(to, i, value);
  }
  return count;
}

template <typename Integer, Integer kLargest, typename From>
std::size_t integers_to_integers(const From* wide, std::size_t count, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::in_range<Integer>(wide[i]) || static_cast<Integer>(wide[i]) > kLargest) return i;
    store(to, i, static_cast<Integer>(wide[i]));
  }
  return count;
}

template <typename Type>
constexpr NumberKind float_kind(std::string_view dtype) {
  return {dtype,
          sizeof(typename Type::Code),
          Wide::float64,
          &widen_floats<Type>,
          &narrow_floats<Type>,
          &integers_to_floats<Type, std::int64_t>,
          &integers_to_floats<Type, std::uint64_t>};
}

template <typename Integer, Integer kLargest = std::numeric_limits<Integer>::max()>
constexpr NumberKind integer_kind(std::string_view dtype) {
  return {dtype,
          sizeof(Integer),
          std::is_same_v<Integer, std::uint64_t> ? Wide::uint64 : Wide::int64,
          kLargest == 1 ? &widen_bools : &widen_integers<Integer>,
          &floats_to_integers<Integer, kLargest>,
          &integers_to_integers<Integer, kLargest, std::int64_t>,
          &integers_to_integers<Integer, kLargest, std::uint64_t>};
}

constexpr NumberKind kKinds[] = {
    float_kind<Float64>("float64"),
    float_kind<Float32>("float32"),
    float_kind<Float16>("float16"),
    float_kind<Bfloat16>("bfloat16"),
    float_kind<Float8E4m3fn>("float8_e4m3fn"),
    float_kind<Float8E4m3fnuz>("float8_e4m3fnuz"),
    float_kind<Float8E5m2>("float8_e5m2"),
    float_kind<Float8E5m2fnuz>("float8_e5m2fnuz"),
    float_kind<Float8E8m0fnu>("float8_e8m0fnu"),
    integer_kind<std::uint8_t, 1>("bool"),
    integer_kind<std::int8_t>("int8"),
    integer_kind<std::int16_t>("int16"),
    integer_kind<std::int32_t>("int32"),
    integer_kind<std::int64_t>("int64"),
    integer_kind<std::uint8_t>("uint8"),
    integer_kind<std::uint16_t>("uint16"),
    integer_kind<std::uint32_t>("uint32"),
    integer_kind<std::uint64_t>("uint64"),
};

}  // namespace

const NumberKind* find_number_kind(std::string_view dtype) noexcept {
  const auto* const kind = std::ranges::find(kKinds, dtype, &NumberKind::dtype);
  return kind == std::end(kKinds) ? nullptr : kind;
}

}  // namespace lancekeep
