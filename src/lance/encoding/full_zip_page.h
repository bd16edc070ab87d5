// SPDX-License-Identifier: Apache-2.0
// Full-zip pages: large values, one item after another in buffer 0.
//
// An item is a control word, if the page has levels, and the value. The control word has the
// repetition level above the bits of the definition level, in the smallest of 1, 2 or 4 bytes that
// holds both. A variable-width value starts with its length, and general compression and FSST are
// applied to each value separately. An empty list has no value; a null has zeros, or no value if
// values have variable width. Buffer 1, the offsets of rows, is needed only for random access.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/page_input.h"
#include "lance/encoding/page_layout.h"

namespace lancekeep::lance {

/// The whole page, rows and nulls included. @throws Error corrupt, or unsupported.
[[nodiscard]] Array decode_full_zip_page(const FullZipLayout& layout, const PageInput& page);

}  // namespace lancekeep::lance
