// SPDX-License-Identifier: Apache-2.0
// Moves the live tensors of data files that are mostly dead into new files, so that the old files
// can be removed.
#pragma once

#include "io/storage.h"
#include "store/gc/retention.h"

#include <memory>
#include <optional>

namespace lancekeep::store {

/// Commits the latest version again without those data files that have less than half of their
/// bytes in use, if they can be removed then: the latest version expires once there is a newer one,
/// and no other kept version refers to the files. Returns the new version's number; unset if
/// nothing would be gained, or if someone else commits meanwhile. The new version has the metadata
/// of the version that it replaces, and the message "gc", or "gc: " and the message of that
/// version.
[[nodiscard]] std::optional<std::uint64_t> rewrite_mostly_dead(
    const std::shared_ptr<io::Storage>& storage, const GcOptions& options, Time now);

}  // namespace lancekeep::store
