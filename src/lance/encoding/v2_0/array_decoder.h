// SPDX-License-Identifier: Apache-2.0
// Makes an Array of an encoding tree of format 2.0 and the buffers of its page.
#pragma once

#include "lance/encoding/page_decoder.h"
#include "lance/encoding/v2_0/array_page.h"

namespace lancekeep::lance::v2_0 {

/// The `count` values of `encoding`; nulls are in row_valid, and what lies beneath them is not
/// cleared.
[[nodiscard]] Array decode_array(const ArrayEncoding& encoding, const PageInput& page,
                                 std::uint64_t count, Meaning meaning);

/// Binary, and FSST around it.
[[nodiscard]] Array decode_texts(const ArrayEncoding& encoding, const PageInput& page,
                                 std::uint64_t count);

/// End offsets of `count` entries, the null ones told by what they have on top.
struct EndOffsets {
  std::vector<std::uint64_t> ends;  ///< ascending, without what nulls have on top
  std::vector<std::uint8_t> valid;  ///< empty: all are valid
};
/// Throws corrupt where one lies before the one before it, or beyond `end`.
[[nodiscard]] EndOffsets decode_offsets(const ArrayEncoding& encoding, const PageInput& page,
                                        std::uint64_t count, std::uint64_t adjustment,
                                        std::uint64_t end);

}  // namespace lancekeep::lance::v2_0
