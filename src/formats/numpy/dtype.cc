// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/dtype.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lancekeep::formats {
namespace {

constexpr std::array<NumpyDtype, 14> kDtypes = {{
    {"bool", "b1", 1, 1},
    {"int8", "i1", 1, 1},
    {"int16", "i2", 2, 2},
    {"int32", "i4", 4, 4},
    {"int64", "i8", 8, 8},
    {"uint8", "u1", 1, 1},
    {"uint16", "u2", 2, 2},
    {"uint32", "u4", 4, 4},
    {"uint64", "u8", 8, 8},
    {"float16", "f2", 2, 2},
    {"float32", "f4", 4, 4},
    {"float64", "f8", 8, 8},
    {"complex64", "c8", 8, 4},
    {"complex128", "c16", 16, 8},
}};

constexpr std::string_view kOrders = "<>|";

// What a kind that is no tensor is, and what to do about it.
std::string advice(std::string_view kind) {
  switch (kind.empty() ? '\0' : kind.front()) {
    case 'O':
      return "Python objects, which are a pickle in the file; a pickle can run code, so it is not "
             "read. Make an array of numbers of it with numpy";
    case 'V':
      return "raw bytes (void), which is how numpy writes dtypes that it does not know, as the "
             "bfloat16 and float8 of ml_dtypes. Convert it to float32 before it is saved, or save "
             "it with safetensors";
    case 'U':
    case 'S':
    case 'a':
    case 'T':
      return "text, which is no tensor. Leave it out, or keep it as metadata";
    case 'M':
    case 'm':
      return "dates or durations. Convert it with .astype('int64')";
    case 'f':
    case 'g':
    case 'c':
    case 'G':
      return "a floating-point number of the machine it was made on (longdouble). Convert it with "
             ".astype('float64') or .astype('complex128')";
    default:
      return "no dtype that is read; read are b1, i1 to i8, u1 to u8, f2 to f8, c8 and c16, behind "
             "<, > or |";
  }
}

}  // namespace

NumpyDescr read_numpy_descr(std::string_view descr, const std::string& name,
                            const io::ByteView& at) {
  const char order = descr.empty() ? '\0' : descr.front();
  if (kOrders.find(order) != kOrders.npos) {
    const std::string_view kind = descr.substr(1);
    const auto found = std::find_if(kDtypes.begin(), kDtypes.end(),
                                    [&](const NumpyDtype& each) { return each.kind == kind; });
    const bool has_order = order != '|' || (found != kDtypes.end() && found->number == 1);
    if (found != kDtypes.end() && has_order) return {&*found, order == '>'};
  }
  at.fail(ErrorCode::unsupported,
          fmt::format("the array `{}` has the dtype `{}`: {}", io::printable(name),
                      io::printable(descr), advice(descr.empty() ? descr : descr.substr(1))));
}

const NumpyDtype* numpy_dtype_of(std::string_view dtype) noexcept {
  const auto found = std::find_if(kDtypes.begin(), kDtypes.end(),
                                  [&](const NumpyDtype& each) { return each.dtype == dtype; });
  return found == kDtypes.end() ? nullptr : &*found;
}

std::string to_descr(const NumpyDtype& dtype) {
  return (dtype.number == 1 ? "|" : "<") + std::string(dtype.kind);
}

void swap_numbers(const NumpyDtype& dtype, std::span<std::byte> elements) {
  for (; elements.size() >= dtype.number; elements = elements.subspan(dtype.number)) {
    std::reverse(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(dtype.number));
  }
}

}  // namespace lancekeep::formats
