// SPDX-License-Identifier: Apache-2.0
// Blob pages: values lie elsewhere in the file; the page inside has their (u64 position, u64 size).
// A size of 0 says empty at position 0; any other position is then the value's levels, of which the
// only ones without lists say null.
#include "lance/encoding/levels.h"
#include "lance/encoding/page_decoder.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t kDescriptorBits = 128;

}  // namespace

void mark_blob_nulls(Array& descriptors) {
  for (std::uint64_t row = 0; row < descriptors.rows; ++row) {
    const auto position = descriptors.value<std::uint64_t>(2 * row);
    const auto size = descriptors.value<std::uint64_t>(2 * row + 1);
    if (size != 0 || position == 0) continue;
    if (descriptors.row_valid.empty()) descriptors.row_valid.assign(descriptors.rows, 1);
    descriptors.row_valid[row] = 0;
  }
}

Array decode_blob_page(const BlobLayout& layout, const PageInput& page) {
  const Layers layers = decode_layers(layout.layers, page.message);
  if (layers.has_lists())
    page.message.fail(ErrorCode::unsupported, "a blob page (layout 4) of lists");
  Array result = decode_any_page(*layout.inner, page);
  if (result.is_list || result.item_bits != kDescriptorBits || !result.row_valid.empty()) {
    page.message.fail(
        fmt::format("a blob page's descriptors have {} bits, expected {} without nulls",
                    result.item_bits, kDescriptorBits));
  }
  mark_blob_nulls(result);
  return result;
}

}  // namespace lancekeep::lance
