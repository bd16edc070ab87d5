// SPDX-License-Identifier: Apache-2.0
// Saves model files, or the versions of a Lance dataset, as versions of a store. All functions run
// on the main thread. They throw Error, or Interrupted after a signal; both name the versions that
// were saved before.
#pragma once

#include <lancekeep/formats.h>
#include <lancekeep/store.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::cli {

struct ImportPlan {
  std::vector<std::string> files;  ///< models, one path each, or the folder of one dataset
  ImportOptions read;              ///< of model files
  std::string store;
  std::optional<Layout> layout;  ///< of the store; unset: the store's layout
  std::optional<std::string>
      message;                    ///< unset: the file's name if there are several; a dataset's own
  Metadata settings;              ///< metadata; overrides the same keys of files and versions
  std::string tag;                ///< for a single version, besides its own tags; empty: none
  std::optional<std::string> at;  ///< only this version of a dataset; unset: all
  std::string dtype;              ///< convert a plain dataset's numbers to this; empty: float64

  [[nodiscard]] bool has_several() const { return files.size() > 1; }
};

struct ImportedVersion {
  std::string file;                   ///< model file or dataset
  std::optional<VersionInfo> source;  ///< the dataset's version
  std::string message;
  Metadata metadata;
  SaveReport report;
  std::chrono::nanoseconds elapsed = {};
};

/// Called after each version has been saved.
using OnImported = std::function<void(const ImportedVersion&)>;

/// Saves each file as a version, in the given order. If there are several files, all are opened
/// before the first is saved, so that nothing is saved if one of them cannot be read.
void import_files(const ImportPlan& plan, bool show_progress, const OnImported& on_imported);

/// Saves the dataset's versions, oldest first, each with its message, metadata, tags and origin.
/// Saves nothing if the store already has one of the tags.
void import_dataset(const ImportPlan& plan, bool show_progress, const OnImported& on_imported);

}  // namespace lancekeep::cli
