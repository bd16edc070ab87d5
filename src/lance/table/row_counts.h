// SPDX-License-Identifier: Apache-2.0
// Row counts that a manifest lacks: Lance before 0.8 recorded neither the rows of a fragment nor
// how many of them are deleted. A free function; any thread may call it.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"

namespace lancekeep::lance {

/// Sets `physical_rows` of each fragment that has none, from its first data file, and the number of
/// deleted rows from its deletion file. Without these the rows would count as 0. Opens no file if
/// the manifest has all numbers. @throws Error corrupt, not_found; unsupported if the data file has
/// format 0.1.
void fill_row_counts(const io::Storage& storage, Manifest& manifest);

}  // namespace lancekeep::lance
