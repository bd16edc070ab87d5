// SPDX-License-Identifier: Apache-2.0
// Compares two versions of a model, which may be in different stores.
#pragma once

#include <lancekeep/progress.h>
#include <lancekeep/tensor.h>
#include <lancekeep/visibility.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace lancekeep {

class Version;

/// How far a tensor moved: after − before for each element, both converted to double. A complex
/// element counts as two, and so does a byte of float4_e2m1fn_x2. Elements that are NaN or infinite
/// on either side are counted, and left out of the other numbers. A norm that is too large for a
/// double is infinity.
struct ChangeNorms {
  std::uint64_t elements = 0;
  std::uint64_t differing = 0;   ///< elements whose bytes differ
  std::uint64_t non_finite = 0;  ///< elements that are NaN or infinite on either side
  double l2 = 0;                 ///< Euclidean norm of the change
  double max_abs = 0;            ///< largest absolute change
  double l2_before = 0;
  double l2_after = 0;
  double cosine = 0;  ///< of the angle between before and after; NaN if either is all zeros

  /// l2 / l2_before: 0 if nothing moved, infinity if something moved away from all zeros.
  [[nodiscard]] LANCEKEEP_API double relative() const noexcept;
};

struct TensorChange {
  TensorInfo before;
  TensorInfo after;
  /// Set if norms were requested and both sides have the same shape and float or complex dtype.
  std::optional<ChangeNorms> norms;
};

/// Each list is in the model order of the later version; `removed` is in that of the earlier one. A
/// tensor is unchanged if its dtype, shape and bytes are the same; order and ties are not compared.
struct Diff {
  std::vector<TensorInfo> added;
  std::vector<TensorInfo> removed;
  std::vector<TensorChange> changed;
  std::vector<TensorInfo> unchanged;
  [[nodiscard]] bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
};

struct DiffOptions {
  bool norms = false;  ///< also read the values of changed tensors, for TensorChange::norms
  Progress progress;
};

/// Compares the recorded hashes, without reading values. Rows that pylance wrote and plain datasets
/// have no hashes and are compared byte by byte. Any thread may call it.
/// @throws Error corrupt if a tensor cannot be loaded; io.
[[nodiscard]] LANCEKEEP_API Diff diff(const Version& before, const Version& after,
                                      const DiffOptions& options = {});

}  // namespace lancekeep
