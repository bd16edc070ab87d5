// SPDX-License-Identifier: Apache-2.0
// Saving into an opened storage: what Store::save and Store::replace are made of.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"

#include <optional>

namespace lancekeep::store {

SaveReport save(io::Storage& storage, TensorSource& source, const SaveOptions& options);

/// Saves version 1, or returns nothing where there is a version already.
[[nodiscard]] std::optional<SaveReport> save_first(io::Storage& storage, TensorSource& source,
                                                   const SaveOptions& options);

}  // namespace lancekeep::store
