// SPDX-License-Identifier: Apache-2.0
// A look over a checkpoint's containers before anything is made of them. Whoever goes over them
// afterwards may recurse: they are known to end, and not to be deep. Not changed after it was made;
// any thread may read it.
#pragma once

#include "formats/torch/file.h"

#include <cstdint>
#include <vector>

namespace lancekeep::formats {

inline constexpr int kDeepest = 128;

class Survey {
 public:
  /// @throws Error unsupported, where containers are nested more than kDeepest deep, one holds
  /// itself, or shared ones unfold to far more values than the pickle has.
  explicit Survey(const TorchFile& torch);

  /// Whether a tensor or an array is the value, or anywhere inside it.
  [[nodiscard]] bool holds_numbers(PickleValue value) const;

 private:
  struct Facts {
    std::uint8_t height = 0;  ///< containers on the longest way down, this one too; 0: not known
    bool in_progress = false;
    bool holds_numbers = false;
    std::uint32_t unfolded = 0;  ///< values inside it, each time that they come; at most 2^32 - 1
  };
  /// Gives the value's height; a value that is no container has none.
  std::uint8_t look(PickleValue value, int depth);

  const PickleDocument& document_;
  std::vector<Facts> facts_;  ///< by node
  std::uint64_t values_ = 0;  ///< in all containers, each counted once
};

}  // namespace lancekeep::formats
