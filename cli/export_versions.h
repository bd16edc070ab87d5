// SPDX-License-Identifier: Apache-2.0
// Versions of a store become model files, one each.
#pragma once

#include <lancekeep/formats.h>
#include <lancekeep/store.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace lancekeep::cli {

struct ExportPlan {
  std::string store;
  std::string file;  ///< `{version}` in it stands for the version's number
  std::string at = "latest";
  bool all = false;                  ///< every version instead of the one at `at`
  std::vector<std::string> tensors;  ///< names and patterns; empty: all
  std::string dtype;                 ///< what a recipe store's numbers become; empty: float64
  std::uint64_t max_shard_bytes = 0;
  bool force = false;
};

struct ExportedVersion {
  Version version;
  std::string file;
  ExportReport report;
  std::chrono::nanoseconds elapsed = {};
};

/// Every version and target is looked at before the first file is written. `written` is told of
/// each version once its files are there. What stops the rest, an error or a signal, names the
/// versions that are written.
void export_versions(const ExportPlan& plan, bool show_progress,
                     const std::function<void(const ExportedVersion&)>& written);

}  // namespace lancekeep::cli
