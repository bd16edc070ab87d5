// SPDX-License-Identifier: Apache-2.0
// The input of a page decoder: the page's buffers, and limits that keep a hostile page from taking
// more memory than its file justifies.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/column_metadata.h"

#include <cstdint>
#include <span>
#include <vector>

namespace lancekeep::lance {

/// The caller's memory for the fixed-width items of a page, used instead of Array::data.
struct ItemSink {
  std::span<std::byte> to;
  std::uint64_t used = 0;

  /// Moves the items decoded so far out of `array`. Throws corrupt, at `where`, if they do not fit.
  void take(Array& array, const io::ByteView& where);
};

struct PageInput {
  std::vector<io::ByteView> buffers;
  std::uint64_t rows = 0;
  std::uint64_t max_items = 0;  ///< rows or items that the page may have
  std::uint64_t max_bytes = 0;  ///< limit of the page's variable-width values, decoded
  io::ByteView message;         ///< the layout, for errors
  ItemSink* sink = nullptr;     ///< for fixed-width items; decoders may fill it chunk by chunk

  /// Throws corrupt if the page has fewer buffers.
  [[nodiscard]] const io::ByteView& buffer(std::size_t index) const;
  /// Throws corrupt if `items` exceeds max_items.
  void check_items(std::uint64_t items) const;
  /// Throws corrupt if variable-width values take more than max_bytes, because they repeat or
  /// compress too well.
  void check_bytes(const Array& values) const;
};

/// Opens the buffers of `page` in `file`, each of which must start at a multiple of `alignment`
/// bytes. The column may have `max_items` rows or items in total, including those in `so_far`, its
/// earlier pages. @throws Error corrupt.
[[nodiscard]] PageInput open_page(const io::ByteView& file, const Page& page,
                                  std::uint64_t max_items, const Array& so_far,
                                  std::uint64_t alignment);

}  // namespace lancekeep::lance
