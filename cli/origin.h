// SPDX-License-Identifier: Apache-2.0
// Where a version came from, when it was brought over from another dataset: two keys of its
// metadata, `source_time` and `source_version`. Free functions; they keep nothing.
#pragma once

#include <lancekeep/store.h>

#include <optional>
#include <string>

namespace lancekeep::cli {

inline constexpr const char* kSourceTime = "source_time";
inline constexpr const char* kSourceVersion = "source_version";

/// The version's metadata and where it is from. One that was brought over before keeps what it says
/// of its first time.
[[nodiscard]] Metadata with_origin(const VersionInfo& version);

/// `source_time`, where it is there and a time in ISO 8601, in UTC.
[[nodiscard]] std::optional<std::string> source_time(const Metadata& metadata);

/// When the version was made: "2026-03-01T12:00:00Z", or "2026-03-01T12:00:00Z (imported
/// 2026-11-22)".
[[nodiscard]] std::string time_text(const VersionInfo& version);

}  // namespace lancekeep::cli
