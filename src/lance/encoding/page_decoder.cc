// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_decoder.h"

#include "io/utf8.h"
#include "lance/encoding/compression.h"
#include "lance/encoding/constant_page.h"
#include "lance/encoding/full_zip_page.h"
#include "lance/encoding/levels.h"
#include "lance/encoding/mini_block_page.h"
#include "lance/encoding/page_input.h"
#include "lance/encoding/page_layout.h"
#include "lance/encoding/value_decoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kBufferAlignment = 64;
constexpr std::uint32_t kDescriptorBits = 128;

PageLayout layout_of(const Page& page) {
  if (page.type_url != kPageLayoutUrl) {
    page.encoding.fail(ErrorCode::unsupported,
                       fmt::format("a page has message type {}, expected {}",
                                   io::printable(page.type_url), kPageLayoutUrl));
  }
  return decode_page_layout(page.encoding);
}

Array decode_layout(const PageLayout& layout, const PageInput& page);

// The values are elsewhere in the file; the inner page has their descriptors. A descriptor of size
// 0 is an empty value if its position is 0. Otherwise its position encodes the value's levels;
// without lists, the only such value is null.
Array decode_blob_page(const BlobLayout& layout, const PageInput& page) {
  const Layers layers = decode_layers(layout.layers, page.message);
  if (layers.has_lists())
    page.message.fail(ErrorCode::unsupported, "a blob page (layout 4) has lists");
  Array result = decode_layout(*layout.inner, page);
  if (result.is_list || result.item_bits != kDescriptorBits || !result.row_valid.empty()) {
    page.message.fail(
        fmt::format("a blob page's descriptors have {} bits, expected {} without nulls",
                    result.item_bits, kDescriptorBits));
  }
  mark_blob_nulls(result);
  return result;
}

Array decode_layout(const PageLayout& layout, const PageInput& page) {
  struct Decode {
    const PageInput& page;
    Array operator()(const MiniBlockLayout& layout) const {
      return decode_mini_block_page(layout, page);
    }
    Array operator()(const ConstantLayout& layout) const {
      return decode_constant_page(layout, page);
    }
    Array operator()(const FullZipLayout& layout) const {
      return decode_full_zip_page(layout, page);
    }
    Array operator()(const BlobLayout& layout) const { return decode_blob_page(layout, page); }
  };
  return std::visit(Decode{page}, layout.layout);
}

struct Inspect {
  const PageInput& page;
  static PageContent content(std::uint64_t items, const Compression& values, bool is_variable) {
    if (is_variable) return {items, 0, 1};
    return {items, fixed_bits(values), dimension(values)};
  }
  PageContent operator()(const MiniBlockLayout& layout) const {
    const Compression& values = layout.dictionary ? *layout.dictionary : layout.values;
    const Array none = empty_values(values);
    return {count_mini_block_items(layout, page), none.item_bits, none.dimension};
  }
  PageContent operator()(const ConstantLayout& layout) const {
    return {count_constant_items(layout, page), 0, 1};
  }
  PageContent operator()(const FullZipLayout& layout) const {
    const std::uint64_t least = std::max<std::uint64_t>(layout.value_bits / 8, 1);
    if (layout.visible_items > page.buffer(0).size() / least) {
      page.message.fail(fmt::format("a full-zip page of {} bytes declares {} items",
                                    page.buffer(0).size(), layout.visible_items));
    }
    return content(layout.visible_items, layout.values, layout.value_bits == 0);
  }
  PageContent operator()(const BlobLayout&) const { return {page.rows, 0, 1}; }
};

// The functions below predict whether the decoders succeed; tests/lance/test_matrix.py compares the
// prediction with the result.

constexpr std::string_view kPageValues = "a page's values";

void require_flat(const Compression& compression, const Compression& outer) {
  if (compression.kind != EncodingKind::flat) outer.unsupported(kPageValues);
  (void)fixed_bits(compression);
}

// The encoding inside fixed-size lists. Only the innermost lists may have a bitmap.
const Compression& inside_lists(const Compression& compression) {
  const Compression* inner = &compression;
  while (inner->kind == EncodingKind::fixed_size_list) {
    const Compression& child = inner->child();
    if (inner->has_validity && child.kind == EncodingKind::fixed_size_list)
      compression.unsupported(kPageValues);
    inner = &child;
  }
  return *inner;
}

// Checks the values of a chunk or a dictionary, and the variable-width values of a full-zip page.
void require_values(const Compression& compression) {
  switch (compression.kind) {
    case EncodingKind::general:
      return require_values(compression.child());
    case EncodingKind::variable:
      (void)offset_bits(compression);
      return;
    case EncodingKind::fsst:
      if (compression.child().kind != EncodingKind::variable) compression.unsupported(kPageValues);
      return require_values(compression.child());
    case EncodingKind::fixed_size_list:
      (void)fixed_bits(compression);
      return require_values(inside_lists(compression));
    case EncodingKind::run_length:
      require_flat(compression.child(0), compression);
      return require_flat(compression.child(1), compression);
    case EncodingKind::byte_stream_split:
    case EncodingKind::out_of_line_bitpacking:
      return require_flat(compression.child(), compression);
    case EncodingKind::packed_struct:
      (void)fixed_bits(compression);
      return require_values(compression.child());
    case EncodingKind::flat:
    case EncodingKind::inline_bitpacking:
      (void)fixed_bits(compression);
      return;
    default:
      compression.unsupported(kPageValues);
  }
}

struct RequireDecodable {
  const io::ByteView& message;

  void operator()(const MiniBlockLayout& layout) const {
    (void)decode_layers(layout.layers, message);
    if (layout.values.kind == EncodingKind::out_of_line_bitpacking)
      layout.values.unsupported("a chunk's values");
    require_values(layout.values);
    if (layout.dictionary) require_values(*layout.dictionary);
  }
  void operator()(const ConstantLayout& layout) const {
    (void)decode_layers(layout.layers, message);
  }
  void operator()(const FullZipLayout& layout) const {
    (void)decode_layers(layout.layers, message);
    const bool is_all_null = layout.values.kind == EncodingKind::constant && layout.value_bits == 0;
    if (is_all_null) return;
    if (layout.value_bits == 0) return require_values(layout.values);
    require_flat(inside_lists(layout.values), layout.values);
  }
  void operator()(const BlobLayout& layout) const {
    if (decode_layers(layout.layers, message).has_lists())
      message.fail(ErrorCode::unsupported, "a blob page (layout 4) has lists");
    std::visit(RequireDecodable{layout.inner->message}, layout.inner->layout);
  }
};

}  // namespace

void decode_page(const io::ByteView& file, const Page& page, std::uint64_t max_items, Array& out) {
  const PageLayout layout = layout_of(page);
  const PageInput input = open_page(file, page, max_items, out, kBufferAlignment);
  Array decoded = decode_layout(layout, input);
  clear_nulls(decoded);
  append_array(out, std::move(decoded), page.encoding);
}

PageContent inspect_page(const io::ByteView& file, const Page& page, std::uint64_t max_items) {
  const PageLayout layout = layout_of(page);
  const PageInput input = open_page(file, page, max_items, {}, kBufferAlignment);
  const PageContent content = std::visit(Inspect{input}, layout.layout);
  input.check_items(content.items);
  return content;
}

Array decode_page_into(const io::ByteView& file, const Page& page, std::uint64_t max_items,
                       std::span<std::byte> items) {
  const PageLayout layout = layout_of(page);
  PageInput input = open_page(file, page, max_items, {}, kBufferAlignment);
  ItemSink sink{items};
  input.sink = &sink;
  Array array = decode_layout(layout, input);
  if (array.has_type() && array.item_bits == 0) {
    page.encoding.fail("a page has variable-width values, expected fixed-width");
  }
  sink.take(array, page.encoding);
  if (!array.has_type()) {  // only nulls
    std::fill(items.begin(), items.end(), std::byte{0});
  } else if (sink.used != items.size()) {
    page.encoding.fail(
        fmt::format("a page has {} bytes of items, expected {}", sink.used, items.size()));
  }
  clear_nulls(array, items);
  return array;
}

void mark_blob_nulls(Array& descriptors) {
  for (std::uint64_t row = 0; row < descriptors.rows; ++row) {
    const auto position = descriptors.value<std::uint64_t>(2 * row);
    const auto size = descriptors.value<std::uint64_t>(2 * row + 1);
    if (size != 0 || position == 0) continue;
    if (descriptors.row_valid.empty()) descriptors.row_valid.assign(descriptors.rows, 1);
    descriptors.row_valid[row] = 0;
  }
}

void require_decodable(const Page& page) {
  const PageLayout layout = layout_of(page);
  std::visit(RequireDecodable{layout.message}, layout.layout);
}

std::string describe_encoding(const Page& page) {
  try {
    return to_string(layout_of(page));
  } catch (const Error&) {
    return "?";
  }
}

}  // namespace lancekeep::lance
