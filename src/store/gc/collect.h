// SPDX-License-Identifier: Apache-2.0
// Removes versions, and files that no version needs: collect.cc lists the numbered steps.
#pragma once

#include "io/storage.h"
#include "store/gc/retention.h"

#include <filesystem>
#include <memory>

namespace lancekeep::store {

/// Steps 1 to 8 of Store::gc. The ages of versions and files are computed from `now`.
GcReport collect_garbage(io::Storage& storage, const GcOptions& options, Time now);

/// All steps. `path` is the store's, beside which stale folders are looked for.
GcReport collect_all(const std::shared_ptr<io::Storage>& storage, const std::filesystem::path& path,
                     const GcOptions& options);

}  // namespace lancekeep::store
