// SPDX-License-Identifier: Apache-2.0
// Removing versions, and what no version needs. See the numbered steps in collect.cc.
#pragma once

#include "io/storage.h"
#include "store/gc/scope.h"

namespace lancekeep::store {

/// Store::gc, as if it were `now`: ages of versions and of files are told from that.
GcReport collect_garbage(io::Storage& storage, const GcOptions& options, Time now);

}  // namespace lancekeep::store
