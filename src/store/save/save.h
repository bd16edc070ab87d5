// SPDX-License-Identifier: Apache-2.0
// Saving into an opened storage: what Store::save and Store::replace are made of.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"

namespace lancekeep::store {

/// Throws invalid_argument where `options` ask for another layout than the one that the store has.
void require_layout(const io::Storage& storage, Layout layout, const SaveOptions& options);

SaveReport save(io::Storage& storage, TensorSource& source, const SaveOptions& options);

}  // namespace lancekeep::store
