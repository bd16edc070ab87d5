// SPDX-License-Identifier: Apache-2.0
// Opens, shows and copies versions for the verbs. A version that was copied from another dataset
// has two keys of metadata that say where it came from: `source_time` and `source_version`.
#pragma once

#include <lancekeep/store.h>

#include "cli/failure.h"
#include "cli/json.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::cli {

inline constexpr const char* kSourceTime = "source_time";
inline constexpr const char* kSourceVersion = "source_version";

struct VersionChoice {
  std::string store;
  std::string at = "latest";
  std::string dtype;  ///< convert the numbers of a plain dataset to this; empty: float64
};

/// Opens a version. Prints its warning, for example that a newer version is torn, as a note. If
/// `json`, prints nothing, because the JSON document has the warning.
[[nodiscard]] Version open_version(const VersionChoice& chosen, bool json);

/// The members have the same names as in the library and in Python.
[[nodiscard]] Json to_json(const TensorInfo& tensor);
[[nodiscard]] Json to_json(const std::vector<TensorInfo>& tensors);
[[nodiscard]] Json to_json(const VersionInfo& version);

/// The words for a kind of problem, the same in all verbs: "damaged", "could not be checked" or
/// "not read".
[[nodiscard]] std::string problem_word(FindingKind kind);
/// Why the version cannot be used, after the words for it: "damaged: …"; empty if it can.
[[nodiscard]] std::string problem_text(const VersionInfo& version);
/// The exit status of a verb that found such problems: that of the worst of them.
[[nodiscard]] ExitCode exit_code(bool damaged, bool unchecked, bool not_read);
[[nodiscard]] ExitCode exit_code(const std::vector<VersionInfo>& versions);

/// Returns when the version was saved: "2026-03-01T12:00:00Z" or, if it was imported,
/// "2026-03-01T12:00:00Z (imported 2026-11-22)".
[[nodiscard]] std::string time_text(const VersionInfo& version);
/// Says what a save did: "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 18.9 MB in 41 ms",
/// then what was shared, if anything.
[[nodiscard]] std::string save_summary(const std::string& store, const SaveReport& report,
                                       std::chrono::nanoseconds elapsed);

/// Returns the version's metadata and, as two keys of it, where the version came from. If the
/// version is itself a copy, the keys keep the first source.
[[nodiscard]] Metadata with_origin(const VersionInfo& version);
/// Returns the value of `source_time` if it is an ISO 8601 time in UTC.
[[nodiscard]] std::optional<std::string> source_time(const Metadata& metadata);

/// Saves `source`, which is the version `of` of another store, with all its tags. `options` come
/// from copy_options().
/// @throws Error; if only setting a tag failed, its message says that the version was saved.
SaveReport copy_version(Store& store, const VersionInfo& of, TensorSource& source,
                        const SaveOptions& options);
/// Completes `options` for a copy of the version `of`: adds its message if `options` have none, its
/// metadata and origin except for keys that `options` have, and its first tag if they have no tag.
[[nodiscard]] SaveOptions copy_options(const VersionInfo& of, SaveOptions options);

}  // namespace lancekeep::cli
