// SPDX-License-Identifier: Apache-2.0
// The versions of a Lance dataset, of either layout, become versions of a store.
#pragma once

#include <lancekeep/store.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace lancekeep::cli {

struct DatasetImport {
  std::string dataset;
  std::string store;
  std::optional<std::string> at;       ///< this version alone; none: all, oldest first
  std::string dtype;                   ///< what a recipe dataset's numbers become; empty: float64
  std::optional<Layout> layout;        ///< of the store; none: as it is
  std::optional<std::string> message;  ///< of each version; none: its own
  Metadata settings;                   ///< takes precedence over what the versions say
  std::string tag;                     ///< beside its own; of one version
};

struct ImportedVersion {
  VersionInfo source;
  std::string message;
  Metadata metadata;
  SaveReport report;
  std::chrono::nanoseconds elapsed = {};
};

/// Saves the versions, each with its message, metadata, tags, and where it is from. Nothing is
/// saved where a tag of theirs is taken. `saved` is told of each version once it is there. One that
/// cannot be read, or a signal, stops before it, and names those that are there.
void import_dataset(const DatasetImport& plan, bool show_progress,
                    const std::function<void(const ImportedVersion&)>& saved);

}  // namespace lancekeep::cli
