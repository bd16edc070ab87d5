// SPDX-License-Identifier: Apache-2.0
// Decodes the pages of data files of format 2.0; the counterpart of page_decoder.h. Free functions
// without state, so any number of threads may call them. `file` is the whole data file.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/column_metadata.h"
#include "lance/encoding/page_decoder.h"
#include "lance/encoding/v2_0/array_encoding.h"

#include <cstdint>
#include <span>
#include <string>

namespace lancekeep::lance::v2_0 {

/// What the values of a page are. Only the schema says so, not the page's message.
enum class ValueKind {
  plain,
  dictionary,  ///< of the schema's dictionary type: indices start at 0; nulls are in the dictionary
  blob,        ///< descriptors: (u64 position, u64 size)
};

/// Decodes the message of a page. Throws unsupported for a page of another format.
[[nodiscard]] ArrayEncoding decode_page_encoding(const Page& page);

/// Decodes one page and appends it to `out`. A page of lists has rows and list offsets; its items
/// are the next column. Throws corrupt before `out` would hold more than `max_items` items or rows.
void decode_page(const io::ByteView& file, const Page& page, ValueKind kind,
                 std::uint64_t max_items, Array& out);

/// The size of a page's fixed-width items; each row is an item. Decodes no values.
[[nodiscard]] PageContent inspect_page(const io::ByteView& file, const Page& page,
                                       std::uint64_t max_items);

/// Like decode_page(), but for a page of fixed-width items, which must exactly fill `items`; the
/// returned Array has no data.
[[nodiscard]] Array decode_page_into(const io::ByteView& file, const Page& page,
                                     std::uint64_t max_items, std::span<std::byte> items);

/// Throws unsupported, with the reason, if this build cannot decode the page, and corrupt if the
/// encoding contradicts itself. Checks only the encoding: a page that passes can still be damaged.
/// The page of a struct passes; the struct's fields are columns of their own.
void require_decodable(const Page& page);

/// The page's encoding in words: "binary(flat 64, flat 8)"; "?" if it cannot be decoded.
[[nodiscard]] std::string describe_encoding(const Page& page);

}  // namespace lancekeep::lance::v2_0
