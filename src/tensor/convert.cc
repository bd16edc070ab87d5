// SPDX-License-Identifier: Apache-2.0
#include "tensor/convert.h"

#include <lancekeep/error.h>

#include "tensor/number_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lancekeep {
namespace {

const NumberKind& kind_of(std::string_view dtype) {
  if (const NumberKind* kind = find_number_kind(dtype)) return *kind;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("`{}` is no dtype of real numbers, which alone can be converted", dtype));
}

// Up to kBlock values; how many could be converted.
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

// How many values, from the first on, give the bits of `from` when they are converted back.
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
