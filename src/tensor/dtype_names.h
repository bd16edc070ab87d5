// SPDX-License-Identifier: Apache-2.0
// The names that other formats give to dtypes: safetensors 0.8, NumPy, and torch's storage classes.
// If a format lacks a dtype, its name here is empty. For the widths of all torch dtypes, see
// dtype_itemsize() in lancekeep/tensor.h. Constant data; any thread may use it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace lancekeep {

struct DtypeNames {
  std::string_view dtype;          ///< Lancekeep's and torch's name, "float32"
  std::size_t bits = 8;            ///< of one value
  std::string_view safetensors;    ///< "F32"
  std::string_view numpy;          ///< kind and bytes per element, without byte order: "f4"
  std::string_view torch_storage;  ///< "FloatStorage"

  [[nodiscard]] constexpr std::size_t itemsize() const { return bits / 8; }
  /// Bytes of one number, the unit of byte order: a complex value has two numbers.
  [[nodiscard]] constexpr std::size_t number_size() const {
    return dtype.starts_with("complex") ? bits / 16 : bits / 8;
  }
  /// NumPy's code with a little-endian byte order, "<f4"; "|u1" for a dtype of one byte.
  [[nodiscard]] std::string numpy_descr() const {
    return (itemsize() == 1 ? "|" : "<") + std::string(numpy);
  }
};

// torch has no F6_E2M3 and no F6_E3M2; they keep their safetensors names in lower case. An F4 value
// takes half a byte: torch counts bytes of two values and names the dtype float4_e2m1fn_x2.
inline constexpr auto kDtypeNames = std::to_array<DtypeNames>({
    {"bool", 8, "BOOL", "b1", "BoolStorage"},
    {"int8", 8, "I8", "i1", "CharStorage"},
    {"int16", 16, "I16", "i2", "ShortStorage"},
    {"int32", 32, "I32", "i4", "IntStorage"},
    {"int64", 64, "I64", "i8", "LongStorage"},
    {"uint8", 8, "U8", "u1", "ByteStorage"},
    {"uint16", 16, "U16", "u2", ""},
    {"uint32", 32, "U32", "u4", ""},
    {"uint64", 64, "U64", "u8", ""},
    {"float16", 16, "F16", "f2", "HalfStorage"},
    {"float32", 32, "F32", "f4", "FloatStorage"},
    {"float64", 64, "F64", "f8", "DoubleStorage"},
    {"bfloat16", 16, "BF16", "", "BFloat16Storage"},
    {"complex64", 64, "C64", "c8", "ComplexFloatStorage"},
    {"complex128", 128, "", "c16", "ComplexDoubleStorage"},
    {"float8_e4m3fn", 8, "F8_E4M3", "", ""},
    {"float8_e4m3fnuz", 8, "F8_E4M3FNUZ", "", ""},
    {"float8_e5m2", 8, "F8_E5M2", "", ""},
    {"float8_e5m2fnuz", 8, "F8_E5M2FNUZ", "", ""},
    {"float8_e8m0fnu", 8, "F8_E8M0", "", ""},
    {"float4_e2m1fn_x2", 4, "F4", "", ""},
    {"f6_e2m3", 6, "F6_E2M3", "", ""},
    {"f6_e3m2", 6, "F6_E3M2", "", ""},
    {"qint8", 8, "", "", "QInt8Storage"},
    {"qint32", 32, "", "", "QInt32Storage"},
    {"quint8", 8, "", "", "QUInt8Storage"},
    {"quint2x4", 8, "", "", "QUInt2x4Storage"},
    {"quint4x2", 8, "", "", "QUInt4x2Storage"},
});

/// Finds the dtype whose name in one column is `name`, as in find_dtype(&DtypeNames::numpy, "f4");
/// null if it does not exist.
[[nodiscard]] constexpr const DtypeNames* find_dtype(std::string_view DtypeNames::* column,
                                                     std::string_view name) noexcept {
  if (name.empty()) return nullptr;
  for (const DtypeNames& row : kDtypeNames) {
    if (row.*column == name) return &row;
  }
  return nullptr;
}

}  // namespace lancekeep
