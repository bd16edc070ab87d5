// SPDX-License-Identifier: Apache-2.0
// Gives each row a name of its own: one that is taken gets `#2`, `#3` and so on. One owner, one
// thread.
#pragma once

#include <lancekeep/tensor.h>

#include "io/memory_budget.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace lancekeep::formats {

class RowNames {
 public:
  /// `specs` and `budget` must outlive this; names of the specs are changed by nobody else.
  RowNames(std::vector<TensorSpec>& specs, io::MemoryBudget& budget);

  /// Adds the spec under its name, or the next one that is free; gives that name, which stays until
  /// the next call.
  const std::string& add(TensorSpec spec);

 private:
  // Names stand in the specs, and only there.
  struct Less {
    const std::vector<TensorSpec>* specs;
    bool operator()(std::uint32_t a, std::uint32_t b) const {
      return (*specs)[a].name < (*specs)[b].name;
    }
  };

  std::vector<TensorSpec>& specs_;
  io::MemoryBudget& budget_;
  std::set<std::uint32_t, Less> taken_;
  std::map<std::string, std::uint32_t> next_number_;  ///< of names that came twice
};

}  // namespace lancekeep::formats
