// SPDX-License-Identifier: Apache-2.0
// One function per page layout. Each gives the page as an Array of its own, rows and nulls
// included.
#pragma once

#include "lance/encoding/array.h"
#include "lance/encoding/page_layout.h"

#include <vector>

namespace lancekeep::lance {

/// A page as its decoder gets it.
struct PageInput {
  std::vector<io::ByteView> buffers;
  std::uint64_t rows = 0;
  std::uint64_t max_items = 0;  ///< rows and items that the page may have at most
  std::uint64_t max_bytes = 0;  ///< of texts that the page may hold at most, once decoded
  io::ByteView message;         ///< the layout, for errors

  /// Throws corrupt where the page has fewer buffers.
  [[nodiscard]] const io::ByteView& buffer(std::size_t index) const;
  /// Throws corrupt where `items` are more than max_items.
  void check_items(std::uint64_t items) const;
  /// Throws corrupt where texts take more than max_bytes: they were repeated or compressed too
  /// well.
  void check_bytes(const Array& values) const;
};

[[nodiscard]] Array decode_mini_block_page(const MiniBlockLayout& layout, const PageInput& page);
[[nodiscard]] Array decode_constant_page(const ConstantLayout& layout, const PageInput& page);
[[nodiscard]] Array decode_full_zip_page(const FullZipLayout& layout, const PageInput& page);
/// Gives descriptors: items of 128 bits.
[[nodiscard]] Array decode_blob_page(const BlobLayout& layout, const PageInput& page);
[[nodiscard]] Array decode_any_page(const PageLayout& layout, const PageInput& page);

}  // namespace lancekeep::lance
