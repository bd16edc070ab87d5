// SPDX-License-Identifier: Apache-2.0
// A version's rows once they have been read: each of its own, ties, and what the save recorded of
// all of them.
#pragma once

#include "store/verify/check_table.h"

namespace lancekeep::store {

/// Rows that cannot be loaded are findings; the values of the others are put down to be read.
void check_rows(Verification& verification, std::uint64_t version, const TensorTable& table);
/// Notes ties that do not hold.
void check_ties(Verification& verification, std::uint64_t version, const TensorTable& table);
/// The table digest and the sum of bytes.
void check_recorded_figures(Verification& verification, const lance::VersionEntry& entry,
                            const lance::ManifestFile& file, const TensorTable& table);

}  // namespace lancekeep::store
