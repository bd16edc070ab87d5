// SPDX-License-Identifier: Apache-2.0
// One function per page layout. Each gives the page as an Array of its own, rows and nulls
// included.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/page.h"
#include "lance/encoding/page_layout.h"

#include <vector>

namespace lancekeep::lance {

/// Where the items of a page go instead of Array::data, when the caller has the place for them.
struct ItemSink {
  std::span<std::byte> to;
  std::uint64_t used = 0;

  /// Moves the data that has come so far; throws corrupt where it is more than there is place for.
  void take(Array& array, const io::ByteView& where);
};

/// A page as its decoder gets it.
struct PageInput {
  std::vector<io::ByteView> buffers;
  std::uint64_t rows = 0;
  std::uint64_t max_items = 0;  ///< rows and items that the page may have at most
  std::uint64_t max_bytes = 0;  ///< of texts that the page may hold at most, once decoded
  io::ByteView message;         ///< the layout, for errors
  ItemSink* sink = nullptr;     ///< for items of a fixed width; decoders may fill it bit by bit

  /// Throws corrupt where the page has fewer buffers.
  [[nodiscard]] const io::ByteView& buffer(std::size_t index) const;
  /// Throws corrupt where `items` are more than max_items.
  void check_items(std::uint64_t items) const;
  /// Throws corrupt where texts take more than max_bytes: they were repeated or compressed too
  /// well.
  void check_bytes(const Array& values) const;
};

/// The page's buffers, each at a multiple of `alignment`, and what is left for it of `max_items`
/// after `so_far`, the column's pages before it.
[[nodiscard]] PageInput open_page(const io::ByteView& file, const Page& page,
                                  std::uint64_t max_items, const Array& so_far,
                                  std::uint64_t alignment);

[[nodiscard]] Array decode_mini_block_page(const MiniBlockLayout& layout, const PageInput& page);
[[nodiscard]] Array decode_constant_page(const ConstantLayout& layout, const PageInput& page);
[[nodiscard]] Array decode_full_zip_page(const FullZipLayout& layout, const PageInput& page);
/// How many items a constant page has; decodes levels only.
[[nodiscard]] std::uint64_t count_constant_items(const ConstantLayout& layout,
                                                 const PageInput& page);
/// How many items a mini-block page says it has, held against its chunks.
[[nodiscard]] std::uint64_t count_mini_block_items(const MiniBlockLayout& layout,
                                                   const PageInput& page);
/// Gives descriptors: items of 128 bits.
[[nodiscard]] Array decode_blob_page(const BlobLayout& layout, const PageInput& page);
/// Makes nulls of the descriptors that say so.
void mark_blob_nulls(Array& descriptors);
/// The layout of a page of format 2.1 or 2.2. Throws unsupported where it is of another format.
[[nodiscard]] PageLayout layout_of(const Page& page);
[[nodiscard]] Array decode_any_page(const PageLayout& layout, const PageInput& page);

}  // namespace lancekeep::lance
