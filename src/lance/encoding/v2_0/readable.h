// SPDX-License-Identifier: Apache-2.0
// Whether this build reads a page of format 2.0, told by how the page says it is encoded. No value
// is decoded, so a page that passes may still be damaged. Free functions; they keep nothing.
#pragma once

#include "lance/encoding/v2_0/array_page.h"

#include <string>

namespace lancekeep::lance::v2_0 {

/// @throws Error unsupported, with what it is that is not read; or corrupt where the page
/// contradicts itself. The page of a struct passes: its fields are columns of their own.
void require_readable(const Page& page);

/// How such a page is encoded, in words; "?" where that cannot be told.
[[nodiscard]] std::string encoding_words(const Page& page);

}  // namespace lancekeep::lance::v2_0
