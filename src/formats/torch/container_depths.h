// SPDX-License-Identifier: Apache-2.0
// Checks the nesting of a checkpoint's containers before other code uses them. After the check,
// other code can recurse into the containers, because they have no cycles and are not deep. A
// ContainerDepths does not change after it is made; any thread may read it.
#pragma once

#include "formats/torch/torch_file.h"

#include <cstdint>
#include <vector>

namespace lancekeep::formats {

inline constexpr int kDeepest = 128;

class ContainerDepths {
 public:
  /// @throws Error unsupported if containers are nested more than kDeepest levels deep, if one
  /// contains itself, or if shared ones expand to far more values than the pickle has.
  explicit ContainerDepths(const TorchFile& torch);

  /// Whether the value is a tensor or an array, or contains one at any depth.
  [[nodiscard]] bool holds_numbers(PickleValue value) const;

 private:
  struct Facts {
    std::uint8_t height = 0;  ///< levels of containers, including this one; 0: not visited yet
    bool in_progress = false;
    bool holds_numbers = false;
    std::uint32_t expanded = 0;  ///< values inside it; each occurrence counts; at most 2^32 - 1
  };
  /// Returns the value's height; 0 if it is not a container.
  std::uint8_t visit(PickleValue value, int depth);

  const PickleDocument& document_;
  std::vector<Facts> facts_;  ///< by node
  std::uint64_t values_ = 0;  ///< in all containers, each container counted once
};

}  // namespace lancekeep::formats
