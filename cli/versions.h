// SPDX-License-Identifier: Apache-2.0
// Versions as the verbs open, show and copy them. A version that was copied from another dataset
// keeps two keys of metadata that say where it came from: `source_time` and `source_version`.
#pragma once

#include <lancekeep/store.h>

#include "cli/json.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::cli {

struct VersionChoice {
  std::string store;
  std::string at = "latest";
  std::string dtype;  ///< convert the numbers of a plain dataset to this; empty: float64
};

/// Opens a version. Its warning, e.g. that a newer one is torn, is printed as a note, unless the
/// result is JSON, which has it as `warning`.
[[nodiscard]] Version open_version(const VersionChoice& chosen, bool json);

/// Members are named as in the library and in Python.
[[nodiscard]] Json to_json(const TensorInfo& tensor);
[[nodiscard]] Json to_json(const std::vector<TensorInfo>& tensors);
[[nodiscard]] Json to_json(const VersionInfo& version);
/// "native", "plain".
[[nodiscard]] const char* layout_name(Layout layout);
/// When the version was saved: "2026-03-01T12:00:00Z", or "2026-03-01T12:00:00Z (imported
/// 2026-11-22)".
[[nodiscard]] std::string time_text(const VersionInfo& version);
/// What a save did: "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 18.9 MB in 41 ms", and
/// what was shared, if anything.
[[nodiscard]] std::string save_summary(const std::string& store, const SaveReport& report,
                                       std::chrono::nanoseconds elapsed);

/// The version's metadata, with where it came from. A version that was copied before keeps its first
/// source.
[[nodiscard]] Metadata with_origin(const VersionInfo& version);
/// The value of `source_time`, if it is a time in ISO 8601, in UTC.
[[nodiscard]] std::optional<std::string> source_time(const Metadata& metadata);

/// Saves `source`, which is the version `of` of another store, with all its tags. `options` are those
/// of copy_options().
/// @throws Error whose text says that the version was saved where only a tag could not be set.
SaveReport copy_version(Store& store, const VersionInfo& of, TensorSource& source,
                        const SaveOptions& options);
/// Adds to `options` what a copy of the version `of` has: its message unless they have one, its
/// metadata and origin unless they have the same keys, and its first tag unless they have one.
[[nodiscard]] SaveOptions copy_options(const VersionInfo& of, SaveOptions options);

}  // namespace lancekeep::cli
