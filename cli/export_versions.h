// SPDX-License-Identifier: Apache-2.0
// Writes versions of a store as model files, or as a Lance dataset. The functions that write run on
// the main thread. They throw Error, or Interrupted after a signal; both say what was written
// before.
#pragma once

#include <lancekeep/formats.h>
#include <lancekeep/store.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lancekeep::cli {

struct ExportPlan {
  std::string store;
  std::string file;  ///< or a dataset's folder; `{version}` in it becomes the version's number
  std::string at = "latest";
  bool all = false;                  ///< every version instead of the one at `at`
  std::vector<std::string> tensors;  ///< names and patterns; empty: all
  std::string dtype;                 ///< convert a plain store's numbers to this; empty: float64
  std::string strip_prefix;          ///< only names that start with it, without it; empty: all
  TiedNames tied_names = TiedNames::one;
  std::uint64_t max_shard_bytes = 0;  ///< 0: a single file
  bool force = false;                 ///< overwrite files, replace a dataset
};

struct ExportedFile {
  Version version;
  std::string file;
  ExportReport report;
  std::chrono::nanoseconds elapsed = {};
};

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

/// Writes a model file for each version. All versions and targets are checked before the first file
/// is written; `on_exported` is called after each version.
void export_files(const ExportPlan& plan, bool show_progress,
                  const std::function<void(const ExportedFile&)>& on_exported);

/// Writes one version, or all versions, oldest first, with their message, metadata, tags and
/// origin. The dataset appears when it is complete; an error or a signal leaves nothing behind.
[[nodiscard]] ExportedDataset export_dataset(const ExportPlan& plan, Layout layout,
                                             bool show_progress);

/// Whether `file` contains `{version}`, or `{version:04}` for a number padded with zeros.
/// @throws Error invalid_argument if `file` contains another form of the placeholder.
[[nodiscard]] bool has_version(const std::string& file);
/// For "epoch-{version:03}.npz" and version 7, returns "epoch-007.npz".
[[nodiscard]] std::string with_version(const std::string& file, std::uint64_t version);

enum class Shards { none, allowed };
/// Checks that `target` does not exist and, if shards may be written, that no shard or index of
/// that name exists. @throws Error already_exists.
void check_is_free(const std::filesystem::path& target, Shards shards);

}  // namespace lancekeep::cli
