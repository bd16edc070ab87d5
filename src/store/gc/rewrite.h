// SPDX-License-Identifier: Apache-2.0
// Moves the live tensors of data files that are mostly dead into new files, so that the old files
// can be removed.
#pragma once

#include "io/storage.h"
#include "store/gc/retention.h"

#include <memory>
#include <optional>

namespace lancekeep::store {

/// Publishes the latest version again, without the data files with less than half of their bytes in use, if
/// they can be removed then: the latest version is expired once there is a newer one, and no other
/// kept version refers to the file. Returns the new version's number; unset if there is nothing to
/// gain, or if someone publishes meanwhile. The message is "gc", or "gc: " and the message of the
/// version it replaces; the metadata is that version's.
[[nodiscard]] std::optional<std::uint64_t> rewrite_mostly_dead(
    const std::shared_ptr<io::Storage>& storage, const GcOptions& options, Time now);

}  // namespace lancekeep::store
