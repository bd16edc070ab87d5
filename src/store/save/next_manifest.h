// SPDX-License-Identifier: Apache-2.0
// What the next version's manifest says, on top of the one before. Pure.
#pragma once

#include "lance/table/publish.h"

#include <vector>

namespace lancekeep::store {

/// Columns and fragments of the new version; what others keep in a manifest and we do not know
/// stays. The transaction is an overwrite without properties. `before` is the manifest that is
/// saved upon, if any. @throws Error unsupported where a fragment's id does not fit.
[[nodiscard]] lance::Publication next_version(const lance::Manifest* before,
                                              std::vector<lance::Field> schema,
                                              std::vector<lance::Fragment> fragments);

}  // namespace lancekeep::store
