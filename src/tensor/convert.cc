// SPDX-License-Identifier: Apache-2.0
#include "tensor/convert.h"

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "tensor/float_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>

namespace lancekeep {
namespace {

// Values per block; a block stays in a core's first-level cache.
constexpr std::size_t kBlock = 512;

enum class Wide { float64, int64, uint64 };

// kBlock values of one of the Wide types.
union WideBlock {
  std::array<double, kBlock> float64;
  std::array<std::int64_t, kBlock> int64;
  std::array<std::uint64_t, kBlock> uint64;
};

// How up to kBlock values of a dtype are converted to the widest type of its kind and back: two
// loops per dtype instead of one per pair. Functions that may find a value that the dtype cannot
// hold return how many values they converted before that one.
struct NumberKind {
  std::string_view dtype;
  std::size_t itemsize;
  Wide wide;
  void (*widen)(const std::byte* from, std::size_t count, WideBlock& wide);
  std::size_t (*from_float64)(const double* wide, std::size_t count, std::byte* to);
  std::size_t (*from_int64)(const std::int64_t* wide, std::size_t count, std::byte* to);
  std::size_t (*from_uint64)(const std::uint64_t* wide, std::size_t count, std::byte* to);
};

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

// The width of a NaN's payload, in types that keep it when converted. (A processor would turn a
// signalling NaN into a quiet one.)
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

// torch rounds an integer to float32 first, and from there to a narrower type.
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

// Both return how many values could be converted before the first that could not. kLargest is 1 for
// bool.
template <typename Integer, Integer kLargest>
std::size_t floats_to_integers(const double* wide, std::size_t count, std::byte* to) {
  constexpr auto kLowest = static_cast<double>(std::numeric_limits<Integer>::min());
  constexpr int kDigits = kLargest == 1 ? 1 : std::numeric_limits<Integer>::digits;
  // One past the largest value, which a double may not be able to hold.
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
    float_kind<Float64>(kDtypeOf<double>),
    float_kind<Float32>(kDtypeOf<float>),
    float_kind<Float16>("float16"),
    float_kind<Bfloat16>("bfloat16"),
    float_kind<Float8E4m3fn>("float8_e4m3fn"),
    float_kind<Float8E4m3fnuz>("float8_e4m3fnuz"),
    float_kind<Float8E5m2>("float8_e5m2"),
    float_kind<Float8E5m2fnuz>("float8_e5m2fnuz"),
    float_kind<Float8E8m0fnu>("float8_e8m0fnu"),
    integer_kind<std::uint8_t, 1>("bool"),
    integer_kind<std::int8_t>(kDtypeOf<std::int8_t>),
    integer_kind<std::int16_t>(kDtypeOf<std::int16_t>),
    integer_kind<std::int32_t>(kDtypeOf<std::int32_t>),
    integer_kind<std::int64_t>(kDtypeOf<std::int64_t>),
    integer_kind<std::uint8_t>(kDtypeOf<std::uint8_t>),
    integer_kind<std::uint16_t>(kDtypeOf<std::uint16_t>),
    integer_kind<std::uint32_t>(kDtypeOf<std::uint32_t>),
    integer_kind<std::uint64_t>(kDtypeOf<std::uint64_t>),
};

const NumberKind* find_number_kind(std::string_view dtype) noexcept {
  const auto* const kind = std::ranges::find(kKinds, dtype, &NumberKind::dtype);
  return kind == std::end(kKinds) ? nullptr : kind;
}

const NumberKind& kind_of(std::string_view dtype) {
  if (const NumberKind* kind = find_number_kind(dtype)) return *kind;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("`{}` cannot be converted: it is not a dtype of real numbers", dtype));
}

// Converts up to kBlock values; returns how many could be converted.
std::size_t convert_block(const NumberKind& from_kind, const std::byte* from,
                          const NumberKind& to_kind, std::byte* to, std::size_t count) {
  WideBlock wide;
  from_kind.widen(from, count, wide);
  switch (from_kind.wide) {
    case Wide::float64:
      return to_kind.from_float64(wide.float64.data(), count, to);
    case Wide::int64:
      return to_kind.from_int64(wide.int64.data(), count, to);
    case Wide::uint64:
      break;
  }
  return to_kind.from_uint64(wide.uint64.data(), count, to);
}

// How many values, before the first that does not, have the bits of `from` when converted back.
std::size_t count_reversible(const NumberKind& from_kind, const std::byte* from,
                             const NumberKind& to_kind, const std::byte* to, std::size_t count) {
  std::array<std::byte, kBlock * sizeof(std::uint64_t)> back;
  const std::size_t fitting = convert_block(to_kind, to, from_kind, back.data(), count);
  const auto bytes = static_cast<std::ptrdiff_t>(fitting * from_kind.itemsize);
  const auto [differs, end] = std::mismatch(back.data(), back.data() + bytes, from);
  return static_cast<std::size_t>(differs - back.data()) / from_kind.itemsize;
}

}  // namespace

bool is_number(std::string_view dtype) noexcept { return find_number_kind(dtype) != nullptr; }

std::optional<std::size_t> convert(std::string_view from_dtype, std::span<const std::byte> from,
                                   std::string_view to_dtype, std::span<std::byte> to,
                                   Rounding rounding) {
  const NumberKind& from_kind = kind_of(from_dtype);
  const NumberKind& to_kind = kind_of(to_dtype);
  const std::size_t count = from.size() / from_kind.itemsize;
  if (from.size() % from_kind.itemsize != 0 || to.size() != count * to_kind.itemsize) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} bytes of {} cannot become {} bytes of {}", from.size(), from_dtype,
                            to.size(), to_dtype));
  }
  if (&from_kind == &to_kind) {
    if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
    return std::nullopt;
  }
  for (std::size_t done = 0; done < count; done += kBlock) {
    const std::size_t wanted = std::min(kBlock, count - done);
    const std::byte* const source = from.data() + done * from_kind.itemsize;
    std::byte* const target = to.data() + done * to_kind.itemsize;
    std::size_t good = convert_block(from_kind, source, to_kind, target, wanted);
    if (rounding == Rounding::none) {
      good = count_reversible(from_kind, source, to_kind, target, good);
    }
    if (good < wanted) return done + good;
  }
  return std::nullopt;
}

}  // namespace lancekeep
