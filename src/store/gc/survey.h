// SPDX-License-Identifier: Apache-2.0
// What a store holds, as a clean-up needs to know it.
#pragma once

#include "store/gc/refusals.h"
#include "store/gc/scope.h"

#include <set>

namespace lancekeep::store {

struct Survey {
  Files files;                             ///< all in the folders that are Lance's
  std::vector<lance::VersionEntry> going;  ///< oldest first
  std::set<std::string> torn;              ///< manifests that were never whole: they count as none
  std::set<std::string> kept_names;        ///< files of the versions that stay
  std::set<std::string> unsynced_names;    ///< those of them that may not be on the disk
  std::set<std::string> going_names;       ///< files of those that go; some are kept_names too
  std::set<std::string> older_names;       ///< kept_names of versions other than the latest
  /// The latest version, where it could go if there were a newer one.
  std::optional<std::uint64_t> replaceable;
  std::vector<std::string> notes;
};

/// Reads only. Call it under the exclusive lock of _versions. Throws where the store holds
/// something that may name files unknown to this build: see refusals.h.
[[nodiscard]] Survey survey_store(const io::Storage& storage, const GcOptions& options, Time now);

}  // namespace lancekeep::store
