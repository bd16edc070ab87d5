// SPDX-License-Identifier: Apache-2.0
// A mapped tensor as a DLPack capsule, which torch turns into a tensor with its own storage in one
// call. Supports only the dtypes that DLPack has had from the start. Header-only; used by
// version.cc.
#pragma once

#include "python/src/module.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace lancekeep::python {

/// The structures of DLPack 0.x (capsule "dltensor"), which every consumer can read.
namespace dlpack {

inline constexpr char kCapsuleName[] = "dltensor";
inline constexpr std::int32_t kCpu = 1;

struct DataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};
struct Tensor {
  void* data;
  std::int32_t device_type;
  std::int32_t device_id;
  std::int32_t dimensions;
  DataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // null: contiguous
  std::uint64_t byte_offset;
};
struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor*);
};

enum Code : std::uint8_t { kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kComplex = 5, kBool = 6 };

struct Named {
  std::string_view name;
  DataType type;
};
inline constexpr std::array kTypes = {
    Named{"float32", {kFloat, 32, 1}},
    Named{"bfloat16", {kBfloat, 16, 1}},
    Named{"float16", {kFloat, 16, 1}},
    Named{"float64", {kFloat, 64, 1}},
    Named{"int64", {kInt, 64, 1}},
    Named{"int32", {kInt, 32, 1}},
    Named{"int16", {kInt, 16, 1}},
    Named{"int8", {kInt, 8, 1}},
    Named{"uint8", {kUInt, 8, 1}},
    Named{"uint16", {kUInt, 16, 1}},
    Named{"uint32", {kUInt, 32, 1}},
    Named{"uint64", {kUInt, 64, 1}},
    Named{"bool", {kBool, 8, 1}},
    Named{"complex64", {kComplex, 64, 1}},
    Named{"complex128", {kComplex, 128, 1}},
};

// The managed tensor and everything it points to.
struct Holder {
  ManagedTensor managed;
  TensorView view;
  Shape shape;
};

inline void destroy(ManagedTensor* managed) { delete static_cast<Holder*>(managed->context); }

// Frees a tensor that no consumer has taken. A consumer would have renamed the capsule.
inline void destroy_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, kCapsuleName)) return;
  destroy(static_cast<ManagedTensor*>(PyCapsule_GetPointer(capsule, kCapsuleName)));
}

}  // namespace dlpack

/// Unset if DLPack lacks the dtype or the value is empty. The capsule, and then the tensor made
/// from it, keeps the bytes alive. Call with the GIL.
[[nodiscard]] inline std::optional<nb::object> dlpack_of(const TensorView& view) {
  const auto* found =
      std::find_if(dlpack::kTypes.begin(), dlpack::kTypes.end(),
                   [&](const dlpack::Named& named) { return named.name == view.dtype(); });
  if (found == dlpack::kTypes.end() || view.bytes().empty()) return std::nullopt;
  auto holder = std::make_unique<dlpack::Holder>(dlpack::Holder{{}, view, view.shape()});
  holder->managed = {.tensor = {.data = const_cast<std::byte*>(view.bytes().data()),
                                .device_type = dlpack::kCpu,
                                .device_id = 0,
                                .dimensions = static_cast<std::int32_t>(holder->shape.size()),
                                .dtype = found->type,
                                .shape = holder->shape.data(),
                                .strides = nullptr,
                                .byte_offset = 0},
                     .context = holder.get(),
                     .deleter = dlpack::destroy};
  PyObject* capsule =
      PyCapsule_New(&holder->managed, dlpack::kCapsuleName, dlpack::destroy_capsule);
  if (capsule == nullptr) throw nb::python_error();
  (void)holder.release();  // now owned by the capsule
  return nb::steal(capsule);
}

}  // namespace lancekeep::python
