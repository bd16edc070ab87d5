// SPDX-License-Identifier: Apache-2.0
// torch's scalar types and their names in a store. The names come from the torch that the program
// is compiled with, so dtypes of a newer torch need no change here. Any thread may call these
// functions.
#pragma once

#include <lancekeep/error.h>

#include <c10/core/ScalarType.h>
#include <torch/version.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::libtorch {

/// Every dtype of this torch, in the order of its enum.
[[nodiscard]] inline const std::vector<c10::ScalarType>& all_scalar_types() {
  static const std::vector<c10::ScalarType> types = [] {
    std::vector<c10::ScalarType> all;
    for (int i = 0; i < static_cast<int>(c10::ScalarType::NumOptions); ++i) {
      const auto type = static_cast<c10::ScalarType>(i);
      if (type != c10::ScalarType::Undefined) all.push_back(type);
    }
    return all;
  }();
  return types;
}

/// torch's name without the "torch." prefix, e.g. "bfloat16".
[[nodiscard]] inline std::string dtype_name(c10::ScalarType type) {
  return std::string(c10::getDtypeNames(type).first);
}

/// Unset for a name that this torch does not have.
[[nodiscard]] inline std::optional<c10::ScalarType> scalar_type(const std::string& name) {
  static const std::map<std::string, c10::ScalarType> by_name = [] {
    std::map<std::string, c10::ScalarType> map;
    for (const c10::ScalarType type : all_scalar_types()) map.emplace(dtype_name(type), type);
    return map;
  }();
  const auto found = by_name.find(name);
  if (found == by_name.end()) return std::nullopt;
  return found->second;
}

/// @throws Error unsupported, naming the tensor and the dtype.
[[nodiscard]] inline c10::ScalarType require_scalar_type(const std::string& tensor,
                                                         const std::string& dtype) {
  if (const auto type = scalar_type(dtype)) return *type;
  throw Error(ErrorCode::unsupported, "tensor '" + tensor + "' has dtype '" + dtype +
                                          "', which this torch (" + TORCH_VERSION +
                                          ") does not have");
}

/// A dtype of the same width whose copy kernel only moves bits. Needed because int4 and similar
/// dtypes have no copy kernel, and the copy kernel of quantized dtypes needs a quantizer.
[[nodiscard]] inline c10::ScalarType bits_type(c10::ScalarType type) {
  switch (c10::elementSize(type)) {
    case 1:
      return c10::ScalarType::Byte;
    case 2:
      return c10::ScalarType::Short;
    case 4:
      return c10::ScalarType::Int;
    case 8:
      return c10::ScalarType::Long;
    case 16:
      return c10::ScalarType::ComplexDouble;
    default:
      throw Error(ErrorCode::unsupported,
                  "dtype '" + dtype_name(type) + "' has an unsupported width");
  }
}

}  // namespace lancekeep::libtorch
