// SPDX-License-Identifier: Apache-2.0
// The rows of one version: read fragment by fragment, so that a broken one hides nothing of the
// others, and held against each other and the table digest.
#pragma once

#include <lancekeep/verify.h>

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/verify/findings.h"
#include "store/verify/fragment_cache.h"
#include "store/verify/plain_fragment_cache.h"
#include "store/verify/values.h"

namespace lancekeep::store {

/// Where the parts of a verification put what they find; `values` are read when all versions are
/// known.
struct Verification {
  const io::Storage& storage;
  const VerifyOptions& options;
  FragmentCache& fragments;
  PlainFragmentCache& plain_fragments;
  Values& values;
  Findings& findings;
};

/// `file` is of the native layout.
void check_table(Verification& verification, const lance::VersionEntry& entry,
                 const lance::ManifestFile& file);

}  // namespace lancekeep::store
