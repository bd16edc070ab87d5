// SPDX-License-Identifier: Apache-2.0
// What a clean-up removes, told from what a store holds. Pure; any thread may call it.
#pragma once

#include "store/gc/survey.h"

namespace lancekeep::store {

/// Paths, in the order in which they go.
struct Plan {
  std::vector<std::string> manifests;  ///< of the versions that go, oldest first
  std::vector<std::string> released;   ///< what only those versions named
  std::vector<std::string> orphans;    ///< what no version names, old enough to go
  std::vector<std::string> young;      ///< what no version names either, but younger
  /// Folders of blobs beside data files that nothing names: they go once they are empty.
  std::vector<std::string> folders;
  std::uint64_t foreign = 0;  ///< files, links and the like with names that Lance does not write
};

[[nodiscard]] Plan plan_removal(const Survey& survey, const GcOptions& options, Time now);

}  // namespace lancekeep::store
