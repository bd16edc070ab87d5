// SPDX-License-Identifier: Apache-2.0
// Blob pages: values lie elsewhere in the file; the page inside has their (u64 position, u64 size).
// A size of 0 says empty at position 0; any other position is then the value's levels, of which the
// only ones without lists say null.
#include "lance/encoding/levels.h"
#include "lance/encoding/page_decoder.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t descriptor_bits = 128;

}  // namespace

Array decode_blob_page(const BlobLayout& layout, const PageInput& page) {
  const Layers layers = decode_layers(layout.layers, page.message);
  if (layers.is_list) page.message.fail(ErrorCode::unsupported, "a blob page (layout 4) of lists");
  Array result = decode_any_page(*layout.inner, page);
  if (result.is_list || result.item_bits != descriptor_bits || !result.row_valid.empty()) {
    page.message.fail(
        fmt::format("a blob page's descriptors have {} bits, expected {} without nulls",
                    result.item_bits, descriptor_bits));
  }
  for (std::uint64_t row = 0; row < result.rows; ++row) {
    const auto position = result.value<std::uint64_t>(2 * row);
    const auto size = result.value<std::uint64_t>(2 * row + 1);
    if (size != 0 || position == 0) continue;
    if (result.row_valid.empty()) result.row_valid.assign(result.rows, 1);
    result.row_valid[row] = 0;
  }
  return result;
}

}  // namespace lancekeep::lance
