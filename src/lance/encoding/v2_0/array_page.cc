// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/array_page.h"

#include "io/checked_math.h"
#include "io/utf8.h"
#include "lance/encoding/v2_0/array_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace lancekeep::lance::v2_0 {
namespace {

constexpr std::string_view kArrayEncodingUrl = "/lance.encodings.ArrayEncoding";
constexpr std::uint32_t kDescriptorBits = 128;
constexpr std::uint64_t kAnyAlignment = 1;

PageContent fixed_content(const ArrayEncoding& encoding) {
  switch (encoding.kind) {
    case ArrayKind::nullable:
      if (encoding.nulls == Nulls::all) return {};
      return fixed_content(encoding.child(encoding.nulls == Nulls::some ? 1 : 0));
    case ArrayKind::fixed_size_list: {
      PageContent content = fixed_content(encoding.child());
      if (content.item_bits == 0) return content;  // nulls alone
      const auto bits = io::checked_mul<std::uint64_t>(content.item_bits, encoding.dimension);
      if (!bits || *bits == 0 || *bits > kMaxItemBits) encoding.unsupported();
      content.item_bits = static_cast<std::uint32_t>(*bits);
      content.dimension *= encoding.dimension;
      return content;
    }
    case ArrayKind::dictionary:
      return fixed_content(encoding.child(1));
    case ArrayKind::flat:
      if (encoding.bits == 0 || encoding.bits > kMaxItemBits) encoding.unsupported();
      return {0, encoding.bits == 1 ? 8 : static_cast<std::uint32_t>(encoding.bits), 1};
    default:
      encoding.unsupported();
  }
}

// The bytes of values that lie in the page as they are, without nulls.
std::optional<io::ByteView> plain_values(const ArrayEncoding& encoding, const PageInput& page) {
  switch (encoding.kind) {
    case ArrayKind::nullable:
      if (encoding.nulls != Nulls::none) return std::nullopt;
      return plain_values(encoding.child(), page);
    case ArrayKind::fixed_size_list:
      return plain_values(encoding.child(), page);
    case ArrayKind::flat:
      if (encoding.bits % 8 != 0 || encoding.scheme != GeneralScheme::none) return std::nullopt;
      return page.buffer(encoding.buffer);
    default:
      return std::nullopt;
  }
}

}  // namespace

ArrayEncoding decode_page_encoding(const Page& page) {
  if (page.type_url != kArrayEncodingUrl) {
    page.encoding.fail(ErrorCode::unsupported,
                       fmt::format("a page of format 2.0 is a {}, expected {}",
                                   io::printable(page.type_url), kArrayEncodingUrl));
  }
  return decode_array_encoding(page.encoding);
}

void decode_page(const io::ByteView& file, const Page& page, Meaning meaning,
                 std::uint64_t max_items, Array& out) {
  const ArrayEncoding encoding = decode_page_encoding(page);
  const PageInput input = open_page(file, page, max_items, out, kAnyAlignment);
  Array decoded = decode_array(encoding, input, page.rows, meaning);
  if (meaning == Meaning::blob) {
    if (decoded.item_bits != kDescriptorBits || !decoded.row_valid.empty()) encoding.unsupported();
    mark_blob_nulls(decoded);
  }
  clear_nulls(decoded);
  append_array(out, std::move(decoded), page.encoding);
}

PageContent inspect_page(const io::ByteView& file, const Page& page, std::uint64_t max_items) {
  const ArrayEncoding encoding = decode_page_encoding(page);
  const PageInput input = open_page(file, page, max_items, {}, kAnyAlignment);
  PageContent content = fixed_content(encoding);
  content.items = page.rows;
  const std::uint64_t width = content.item_bits / 8;
  if (const auto plain = plain_values(encoding, input);
      plain && width > 0 && page.rows > plain->size() / width) {
    page.encoding.fail(fmt::format("a page of {} items of {} bytes has {} bytes", page.rows, width,
                                   plain->size()));
  }
  return content;
}

Array decode_page_into(const io::ByteView& file, const Page& page, std::uint64_t max_items,
                       std::span<std::byte> items) {
  const ArrayEncoding encoding = decode_page_encoding(page);
  const PageInput input = open_page(file, page, max_items, {}, kAnyAlignment);
  Array array;
  const auto plain = plain_values(encoding, input);
  ItemSink sink{items};
  if (plain && plain->size() >= items.size() && !items.empty()) {
    std::memcpy(items.data(), plain->bytes().data(), items.size());  // most pages, and the largest
    array.rows = array.items = page.rows;
    return array;
  }
  array = decode_array(encoding, input, page.rows, Meaning::values);
  if (!array.has_type()) {  // nulls alone
    std::fill(items.begin(), items.end(), std::byte{0});
    return array;
  }
  sink.take(array, page.encoding);
  if (sink.used != items.size()) {
    page.encoding.fail(
        fmt::format("a page has {} bytes of items, expected {}", sink.used, items.size()));
  }
  clear_nulls(array, items);
  return array;
}

}  // namespace lancekeep::lance::v2_0
