// SPDX-License-Identifier: Apache-2.0
// Two tensors with the same name, and how to find out whether they are equal.
//
// A pair refers to the versions it was made from. One thread at a time.
#pragma once

#include <lancekeep/store.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

namespace lancekeep::store {

struct TensorPair {
  const Version& version_before;
  const TensorInfo& before;
  const Version& version_after;
  const TensorInfo& after;

  /// Whether dtype, shape and bytes are equal, decided without reading values: by sizes, recorded
  /// hashes, or because both are at the same place in the same file. Unset if only the bytes can
  /// decide it.
  [[nodiscard]] std::optional<bool> same_by_record() const;
  /// Whether both have the same dtype, shape and size in bytes.
  [[nodiscard]] bool comparable() const;

  /// Called with the next bytes of both sides, the same number of each.
  using Use =
      std::function<void(std::span<const std::byte> before, std::span<const std::byte> after)>;
  /// Maps both values, which must have the same size, and passes them to `use` in pieces of whole
  /// elements.
  void read(const Use& use) const;
};

}  // namespace lancekeep::store
