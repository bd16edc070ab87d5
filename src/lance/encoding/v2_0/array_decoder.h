// SPDX-License-Identifier: Apache-2.0
// Decodes a page of format 2.0, given its encoding tree and its buffers, into an Array.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/page_input.h"
#include "lance/encoding/v2_0/array_page.h"

#include <cstdint>

namespace lancekeep::lance::v2_0 {

/// Decodes the `count` values of `encoding`. Nulls are in row_valid; the bytes of null items are as
/// the writer left them. @throws Error corrupt, or unsupported.
[[nodiscard]] Array decode_array(const ArrayEncoding& encoding, const PageInput& page,
                                 std::uint64_t count, ValueKind kind);

}  // namespace lancekeep::lance::v2_0
