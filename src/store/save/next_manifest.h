// SPDX-License-Identifier: Apache-2.0
// What the next version's manifest and transaction say, on top of the version before. Pure.
#pragma once

#include <lancekeep/store.h>

#include "lance/table/commit.h"

#include <vector>

namespace lancekeep::store {

/// What a save says of its version, in either layout. `version` is the number that it will have.
[[nodiscard]] Metadata save_properties(const SaveOptions& options, std::uint64_t bytes_total,
                                       std::uint64_t version);

/// Above all fragments' ids that were used upon this manifest, if any.
[[nodiscard]] std::uint64_t next_fragment_id(const lance::Manifest* before);

/// Columns and fragments of the new version; what others keep in a manifest and we do not know
/// stays. The transaction is an overwrite without properties. `before` is the manifest that is
/// saved upon, if any. @throws Error unsupported where a fragment's id does not fit.
[[nodiscard]] lance::CommitRequest next_version(const lance::Manifest* before,
                                                std::vector<lance::Field> schema,
                                                std::vector<lance::Fragment> fragments);

}  // namespace lancekeep::store
