// SPDX-License-Identifier: Apache-2.0
// Pages of format 2.0. Free functions; they keep nothing.
#pragma once

#include "lance/encoding/page.h"
#include "lance/encoding/v2_0/array_encoding.h"

#include <span>

namespace lancekeep::lance::v2_0 {

/// What a page's message does not say of its values.
enum class Meaning {
  values,
  dictionary,  ///< the schema's own type: indices start at 0, and the dictionary has the nulls
  blob,        ///< (u64 position, u64 size)
};

/// The message of a page. Throws unsupported where it is of another format.
[[nodiscard]] ArrayEncoding decode_page_encoding(const Page& page);

/// Decodes one page and appends it to `out`. A page of lists gives rows and list offsets; its items
/// are another column's. Throws corrupt before `out` would hold more than `max_items` items or
/// rows.
void decode_page(const io::ByteView& file, const Page& page, Meaning meaning,
                 std::uint64_t max_items, Array& out);

/// What a page of fixed-width values holds; all of its rows are items.
[[nodiscard]] PageContent inspect_page(const io::ByteView& file, const Page& page,
                                       std::uint64_t max_items);

/// Like decode_page(), but the items go to `items`, which they must fill; the Array has no data.
[[nodiscard]] Array decode_page_into(const io::ByteView& file, const Page& page,
                                     std::uint64_t max_items, std::span<std::byte> items);

}  // namespace lancekeep::lance::v2_0
