// SPDX-License-Identifier: Apache-2.0
// Names in _versions/: how a version's number and its manifest's file name are told from each
// other.
#pragma once

#include "lance/table/dataset.h"

#include <optional>
#include <string_view>

namespace lancekeep::lance {

inline constexpr const char* kVersionsFolder = "_versions";
inline constexpr const char* kTransactionsFolder = "_transactions";
inline constexpr const char* kDeletionsFolder = "_deletions";
inline constexpr const char* kDataFolder = "data";

struct ManifestName {
  std::uint64_t version = 0;
  NamingScheme scheme = NamingScheme::v2;
};

/// Nothing for whatever else lies in _versions/: temporary files, the hint, detached versions
/// (`d…`, and numbers from 2^63 on), and numbers that are not written as Lance writes them.
[[nodiscard]] std::optional<ManifestName> parse_manifest_name(std::string_view name);

}  // namespace lancekeep::lance
