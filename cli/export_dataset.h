// SPDX-License-Identifier: Apache-2.0
// Versions of a store become a Lance dataset of their own, in one of the two layouts.
#pragma once

#include <lancekeep/store.h>

#include "cli/export_versions.h"

#include <chrono>
#include <string>
#include <vector>

namespace lancekeep::cli {

struct ExportedDataset {
  struct OfVersion {
    VersionInfo source;
    SaveReport report;
  };
  std::string folder;
  std::vector<OfVersion> versions;
  std::vector<std::string> notes;
  std::chrono::nanoseconds elapsed = {};
};

/// Writes the version that the plan names, or all, oldest first, with message, metadata, tags and
/// where it is from. The dataset appears once it is complete; what stops it, an error or a signal,
/// leaves nothing.
[[nodiscard]] ExportedDataset export_dataset(const ExportPlan& plan, Layout layout,
                                             bool show_progress);

}  // namespace lancekeep::cli
