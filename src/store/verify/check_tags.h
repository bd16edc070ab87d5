// SPDX-License-Identifier: Apache-2.0
// Tags: whether each can be read, and stands for a version that is there.
#pragma once

#include "io/storage.h"
#include "lance/table/version_list.h"
#include "store/verify/findings.h"

namespace lancekeep::store {

void check_tags(const io::Storage& storage, const lance::VersionList& list, Findings& findings);

}  // namespace lancekeep::store
