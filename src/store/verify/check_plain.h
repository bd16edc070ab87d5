// SPDX-License-Identifier: Apache-2.0
// A version of the recipe layout: every structure is read, every value decoded and counted against
// its shape. Nobody recorded a hash, so that is all that can be told.
#pragma once

#include "store/verify/check_table.h"

namespace lancekeep::store {

/// `file` is of the recipe layout. Values are read at once, not with those of native versions.
void check_plain(Verification& verification, const lance::VersionEntry& entry,
                 const lance::ManifestFile& file);

}  // namespace lancekeep::store
