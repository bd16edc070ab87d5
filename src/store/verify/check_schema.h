// SPDX-License-Identifier: Apache-2.0
// Checks what a manifest says about columns and files with what the writer writes: other readers
// use parts of it that Lancekeep does not need. Free functions; one thread.
#pragma once

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/verify/findings.h"

namespace lancekeep::store {

/// Checks the columns of a version that Lancekeep saved in the native layout: each must be there as
/// it is written. In any version, each data file must have a column of the schema.
void check_schema(const io::Storage& storage, const lance::VersionEntry& entry,
                  const lance::ManifestFile& file, Findings& findings);

/// Checks that the manifest has the fields and fragments that the transaction of Lancekeep's save
/// lists. Says less about what is wrong than other checks, so call it last.
void check_operation(const io::Storage& storage, const lance::VersionEntry& entry,
                     const lance::ManifestFile& file, Findings& findings);

}  // namespace lancekeep::store
