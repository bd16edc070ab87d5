// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace lancekeep {
namespace {

struct DtypeEntry {
  std::string_view name;
  std::size_t itemsize;
};

// torch 2.13's, sorted by name: for each torch.dtype d in vars(torch), str(d) and d.itemsize.
constexpr std::array<DtypeEntry, 46> kTorchDtypes = {{{"bfloat16", 2},
                                                      {"bits16", 2},
                                                      {"bits1x8", 1},
                                                      {"bits2x4", 1},
                                                      {"bits4x2", 1},
                                                      {"bits8", 1},
                                                      {"bool", 1},
                                                      {"complex128", 16},
                                                      {"complex32", 4},
                                                      {"complex64", 8},
                                                      {"float16", 2},
                                                      {"float32", 4},
                                                      {"float4_e2m1fn_x2", 1},
                                                      {"float64", 8},
                                                      {"float8_e4m3fn", 1},
                                                      {"float8_e4m3fnuz", 1},
                                                      {"float8_e5m2", 1},
                                                      {"float8_e5m2fnuz", 1},
                                                      {"float8_e8m0fnu", 1},
                                                      {"int1", 1},
                                                      {"int16", 2},
                                                      {"int2", 1},
                                                      {"int3", 1},
                                                      {"int32", 4},
                                                      {"int4", 1},
                                                      {"int5", 1},
                                                      {"int6", 1},
                                                      {"int64", 8},
                                                      {"int7", 1},
                                                      {"int8", 1},
                                                      {"qint32", 4},
                                                      {"qint8", 1},
                                                      {"quint2x4", 1},
                                                      {"quint4x2", 1},
                                                      {"quint8", 1},
                                                      {"uint1", 1},
                                                      {"uint16", 2},
                                                      {"uint2", 1},
                                                      {"uint3", 1},
                                                      {"uint32", 4},
                                                      {"uint4", 1},
                                                      {"uint5", 1},
                                                      {"uint6", 1},
                                                      {"uint64", 8},
                                                      {"uint7", 1},
                                                      {"uint8", 1}}};

constexpr bool by_name(const DtypeEntry& a, const DtypeEntry& b) { return a.name < b.name; }
static_assert(std::is_sorted(kTorchDtypes.begin(), kTorchDtypes.end(), by_name));

}  // namespace

std::string to_string(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::optional<std::size_t> dtype_itemsize(std::string_view dtype) noexcept {
  const auto found =
      std::lower_bound(kTorchDtypes.begin(), kTorchDtypes.end(), DtypeEntry{dtype, 0}, by_name);
  if (found == kTorchDtypes.end() || found->name != dtype) return std::nullopt;
  return found->itemsize;
}

std::uint64_t total_nbytes(std::span<const TensorSpec> tensors) noexcept {
  std::uint64_t total = 0;
  for (const TensorSpec& tensor : tensors) {
    if (!tensor.tied_to) total += tensor.nbytes;
  }
  return total;
}

void TensorView::require_elements(std::string_view dtype, std::size_t size,
                                  std::size_t alignment) const {
  if (dtype_ != dtype) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("the tensor is {}, not {}", dtype_, dtype));
  }
  if (bytes_.size() % size != 0) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} bytes are not a whole number of {} elements of {} bytes",
                            bytes_.size(), dtype, size));
  }
  if (reinterpret_cast<std::uintptr_t>(bytes_.data()) % alignment != 0) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("the tensor's bytes do not start at a multiple of {} bytes, which {} "
                            "needs; copy them first",
                            alignment, dtype));
  }
}

}  // namespace lancekeep
