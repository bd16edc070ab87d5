// SPDX-License-Identifier: Apache-2.0
// Saves model files, or the versions of a Lance dataset, as versions of a store. All functions run
// on the main thread. They throw Error, or Interrupted after a signal; both name the versions that
// were saved before.
#pragma once

#include <lancekeep/formats.h>
#include <lancekeep/store.h>
#include <lancekeep/tensors.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
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
  bool move_tag = false;          ///< `tag` may exist already
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

/// What an import of a dataset left out, and why.
struct DatasetOutcome {
  /// The dataset's versions that the store already had, from an earlier import.
  std::vector<std::uint64_t> already_there;
  std::vector<std::string> notes;  ///< versions and branches that were left out, tags that moved
};

/// Saves the dataset's versions, oldest first, each with its message, metadata, tags and origin. A
/// version that the store has from an earlier import, by its number and time, is not saved again,
/// but its tags are set; a tag of the store moves if it points to such a version. Versions that are
/// not models are left out, with a note.
///
/// All versions are opened before the first is saved. Nothing is saved if one of them is damaged,
/// or if the store has one of the tags on a version of its own.
[[nodiscard]] DatasetOutcome import_dataset(const ImportPlan& plan, bool show_progress,
                                            const OnImported& on_imported);

/// A source that stops after a signal.
[[nodiscard]] Watched interruptible(std::unique_ptr<TensorSource> source);

}  // namespace lancekeep::cli
