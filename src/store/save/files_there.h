// SPDX-License-Identifier: Apache-2.0
// Whether what a version is to stand on is still there; asked under the publish lock, where it
// stays.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"

namespace lancekeep::store {

[[nodiscard]] bool files_are_there(const io::Storage& storage,
                                   const std::vector<lance::Fragment>& fragments);

}  // namespace lancekeep::store
