// SPDX-License-Identifier: Apache-2.0
// Whether this build reads a page, told by how the page says it is encoded. No value is decoded, so
// a page that passes may still be damaged. Free functions; they keep nothing.
#pragma once

#include "lance/encoding/page.h"

#include <string>

namespace lancekeep::lance {

/// For a page of format 2.1 or 2.2. @throws Error unsupported, with what it is that is not read; or
/// corrupt where the page contradicts itself.
void require_readable(const Page& page);

/// How such a page is laid out, in words; "?" where that cannot be told.
[[nodiscard]] std::string encoding_words(const Page& page);

}  // namespace lancekeep::lance
