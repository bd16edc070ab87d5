// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/array_page.h"

#include "io/checked_math.h"
#include "io/utf8.h"
#include "lance/encoding/page_input.h"
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
      if (content.item_bits == 0) return content;  // only nulls
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

// The bytes of values that are stored unencoded and without nulls; unset for other pages.
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

const ArrayEncoding& without_nulls(const ArrayEncoding& encoding) {
  const bool is_plain = encoding.kind == ArrayKind::nullable && encoding.nulls == Nulls::none;
  return is_plain ? encoding.child() : encoding;
}

void require_flat(const ArrayEncoding& encoding) {
  const bool is_flat = encoding.kind == ArrayKind::flat;
  const bool is_whole = encoding.bits == 1 || (encoding.bits != 0 && encoding.bits % 8 == 0);
  if (!is_flat || !is_whole) encoding.unsupported();
}

void require_packed(const ArrayEncoding& field) {
  const ArrayEncoding& values = without_nulls(field);
  if (values.kind == ArrayKind::fixed_size_list) return require_packed(values.child());
  require_flat(values);
}

void require_texts(const ArrayEncoding& encoding) {
  if (encoding.kind != ArrayKind::binary) encoding.unsupported();
  require_flat(without_nulls(encoding.child(0)));
  require_flat(without_nulls(encoding.child(1)));
}

void require_values(const ArrayEncoding& encoding);

void require_lists(const ArrayEncoding& lists) {
  const ArrayEncoding& items = lists.child();
  require_values(items);
  const ArrayEncoding* values = &items;
  if (items.kind == ArrayKind::nullable && items.nulls == Nulls::some) values = &items.child(1);
  values = &without_nulls(*values);
  const bool has_nulls = items.kind == ArrayKind::nullable && items.nulls == Nulls::some;
  const bool is_nested = values->kind == ArrayKind::fixed_size_list;
  const bool is_text = values->kind == ArrayKind::binary || values->kind == ArrayKind::fsst;
  if (is_text || (is_nested && has_nulls)) lists.unsupported();
}

void require_values(const ArrayEncoding& encoding) {
  switch (encoding.kind) {
    case ArrayKind::flat:
      return require_flat(encoding);
    case ArrayKind::nullable:
      if (encoding.nulls == Nulls::all) return;
      if (encoding.nulls != Nulls::some) return require_values(encoding.child());
      if (without_nulls(encoding.child(1)).kind == ArrayKind::nullable) encoding.unsupported();
      require_flat(encoding.child(0));
      return require_values(encoding.child(1));
    case ArrayKind::fixed_size_list:
      return require_lists(encoding);
    case ArrayKind::list:
      return require_flat(without_nulls(encoding.child()));
    case ArrayKind::structure:
      return;
    case ArrayKind::binary:
      return require_texts(encoding);
    case ArrayKind::fsst:
      return require_texts(without_nulls(encoding.child()));
    case ArrayKind::dictionary:
      require_values(encoding.child(0));
      return require_values(encoding.child(1));
    case ArrayKind::packed_struct:
      for (const ArrayEncoding& field : encoding.children) require_packed(field);
      return;
    default:
      encoding.unsupported();
  }
}

}  // namespace

ArrayEncoding decode_page_encoding(const Page& page) {
  if (page.type_url != kArrayEncodingUrl) {
    page.encoding.fail(ErrorCode::unsupported,
                       fmt::format("a page of format 2.0 has message type {}, expected {}",
                                   io::printable(page.type_url), kArrayEncodingUrl));
  }
  return decode_array_encoding(page.encoding);
}

void decode_page(const io::ByteView& file, const Page& page, ValueKind kind,
                 std::uint64_t max_items, Array& out) {
  const ArrayEncoding encoding = decode_page_encoding(page);
  const PageInput input = open_page(file, page, max_items, out, kAnyAlignment);
  Array decoded = decode_array(encoding, input, page.rows, kind);
  if (kind == ValueKind::blob) {
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
    std::memcpy(items.data(), plain->bytes().data(),
                items.size());  // the common case, and the one of large pages
    array.rows = array.items = page.rows;
    return array;
  }
  array = decode_array(encoding, input, page.rows, ValueKind::plain);
  if (!array.has_type()) {  // only nulls
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

void require_decodable(const Page& page) { require_values(decode_page_encoding(page)); }

std::string describe_encoding(const Page& page) {
  try {
    return to_string(decode_page_encoding(page));
  } catch (const Error&) {
    return "?";
  }
}

}  // namespace lancekeep::lance::v2_0
