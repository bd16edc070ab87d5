// SPDX-License-Identifier: Apache-2.0
// What a manifest says that this build cannot follow: to be asked before files go that nothing
// names, since such a field may name them.
#pragma once

#include "lance/proto/manifest.h"

#include <optional>
#include <string>

namespace lancekeep::lance {

/// "field 22 of the manifest", "field 9 of the data file `a.lance`", …: the first field, in the
/// messages that name files, whose meaning this build does not know, or that names a file in a way
/// it does not follow. Nothing where it knows all.
[[nodiscard]] std::optional<std::string> first_unknown_field(const Manifest& manifest);

}  // namespace lancekeep::lance
