// SPDX-License-Identifier: Apache-2.0
// Constant pages: all items have the same value, or all are null, or the page has no items.
//
// The value is inline in the layout message, or else in the first buffer of a page that has one or
// three buffers: u32 n, n u32 sizes, n parts. One part is a fixed-width value; two parts are a
// string's start and end offset (i32 each), and its bytes. The remaining buffers are repetition
// and definition levels, raw or compressed. Without levels, every row is an item: the value, or
// null if the layer allows nulls.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/page_input.h"
#include "lance/encoding/page_layout.h"

namespace lancekeep::lance {

/// The whole page, rows and nulls included. @throws Error corrupt, or unsupported.
[[nodiscard]] Array decode_constant_page(const ConstantLayout& layout, const PageInput& page);
/// The number of items in the page. Decodes only its levels.
[[nodiscard]] std::uint64_t count_constant_items(const ConstantLayout& layout,
                                                 const PageInput& page);

}  // namespace lancekeep::lance
