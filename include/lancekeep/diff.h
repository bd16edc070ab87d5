// SPDX-License-Identifier: Apache-2.0
// What changed between two versions of a model, of one store or of two.
#pragma once

#include <lancekeep/export.h>
#include <lancekeep/tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep {

class Version;

/// How far a tensor moved: element by element after − before, each taken as a double. A complex
/// element counts as two, as does a byte of float4_e2m1fn_x2. Elements of which either side is NaN
/// or infinite are counted, and left out of every other figure. A norm of doubles that is itself
/// beyond a double's range is infinity.
struct ChangeNorms {
  std::uint64_t elements = 0;
  std::uint64_t differing = 0;   ///< elements whose bytes differ
  std::uint64_t non_finite = 0;  ///< elements that are NaN or infinite on either side
  double l2 = 0;                 ///< Euclidean norm of the change
  double max_abs = 0;            ///< largest absolute change
  double l2_before = 0;
  double l2_after = 0;
  double cosine = 0;  ///< between before and after; NaN where one of them is all zeros

  /// l2 / l2_before: 0 where nothing moved, infinity where something moved away from all zeros.
  [[nodiscard]] LANCEKEEP_API double relative() const noexcept;
};

struct TensorChange {
  TensorInfo before;
  TensorInfo after;
  /// Where they were asked for, and both sides are of the same float or complex dtype and shape.
  std::optional<ChangeNorms> norms;
};

/// Each list in model order: that of the later version, for `removed` that of the earlier one. A
/// tensor is unchanged where dtype, shape and bytes are; order and ties are not compared.
struct Diff {
  std::vector<TensorInfo> added;
  std::vector<TensorInfo> removed;
  std::vector<TensorChange> changed;
  std::vector<TensorInfo> unchanged;
  [[nodiscard]] bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
};

struct DiffOptions {
  bool norms = false;  ///< read the values of changed tensors as well
  std::function<void(std::uint64_t done, std::uint64_t total, std::string_view tensor)> progress;
};

/// Decided from the hashes, without reading values; only rows that pylance wrote, and those of a
/// recipe dataset, have none and are compared byte by byte. @throws Error corrupt where a tensor
/// cannot be loaded, or io.
[[nodiscard]] LANCEKEEP_API Diff diff(const Version& before, const Version& after,
                                      const DiffOptions& options = {});

}  // namespace lancekeep
