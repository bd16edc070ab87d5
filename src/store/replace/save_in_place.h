// SPDX-License-Identifier: Apache-2.0
// Replacing a store whose folder cannot be exchanged with another one: the new model becomes its
// next version, and then the older versions are removed.
#pragma once

#include <lancekeep/store.h>

#include <filesystem>

namespace lancekeep::store {

/// Saves the only version of `fresh`, with its message, metadata and tags, as the next version of
/// the store at `target`; new_store.cc says what each step prevents. Returns its report, with a
/// note. If an older version cannot be removed, that is a note, not an error.
/// @throws Error unsupported, with nothing changed, if `fresh` has several versions: they cannot
/// appear in one step.
SaveReport save_in_place(const Store& fresh, const std::filesystem::path& target);

}  // namespace lancekeep::store
