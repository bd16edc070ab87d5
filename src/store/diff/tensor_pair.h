// SPDX-License-Identifier: Apache-2.0
// The two tensors of one name, and what it takes to tell whether they are the same.
//
// Refers to the versions that it was made from. One thread at a time.
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

  /// Whether dtype, shape and bytes are the same, as far as it can be told without reading values:
  /// from sizes, recorded hashes, or one place in one file. Nothing: only the bytes can tell.
  [[nodiscard]] std::optional<bool> same_by_record() const;
  /// Whether both are of one dtype and shape, and of the same size.
  [[nodiscard]] bool comparable() const;

  /// Gets the next bytes of both sides, as many of each.
  using Use =
      std::function<void(std::span<const std::byte> before, std::span<const std::byte> after)>;
  /// Maps both values, which must be of the same size, and hands them to `use` in pieces of whole
  /// elements.
  void read(const Use& use) const;
};

}  // namespace lancekeep::store
