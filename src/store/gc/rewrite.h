// SPDX-License-Identifier: Apache-2.0
// Moving what is left in data files that are mostly dead into new ones, so that the old ones can
// go.
#pragma once

#include "io/storage.h"
#include "store/gc/scope.h"

#include <memory>
#include <optional>

namespace lancekeep::store {

/// Publishes the latest version anew, without the data files of which less than half is in use,
/// where that lets them go: the latest version itself may go once there is a newer one, and no
/// other that stays needs the file. Returns the new version's number, or nothing where there is
/// nothing to gain, or where someone publishes meanwhile. Message "gc", or "gc: " and that of the
/// version it stands for; metadata are that one's.
[[nodiscard]] std::optional<std::uint64_t> rewrite_mostly_dead(
    const std::shared_ptr<io::Storage>& storage, const GcOptions& options, Time now);

}  // namespace lancekeep::store
