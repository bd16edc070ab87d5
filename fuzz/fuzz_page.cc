// SPDX-License-Identifier: Apache-2.0
// Decodes one page as an Array and, if its values are numbers, also in bulk.
#include "fuzz/arrays.h"
#include "fuzz/invariants.h"
#include "fuzz/page_case.h"
#include "lance/encoding/page_layout.h"
#include "lance/encoding/v2_0/array_page.h"

using namespace lancekeep;

namespace {

constexpr std::uint64_t kMaxItems = 1 << 16;
constexpr std::uint64_t kAlignment = 64;
constexpr std::uint32_t kMaxValueBits = 256;  // the limit of ListColumn
// page_input.cc and array.cc allow 256 MiB for strings and nulls: once decompressed and once
// decoded, in a growing vector that can have twice the capacity.
constexpr std::uint64_t kMaxMemory = std::uint64_t{1} << 30;

// A page, and the bytes of a file that contains its buffers.
struct PageInFile {
  std::string bytes;
  lance::Page page;
};

PageInFile place(const fuzz::PageCase& input) {
  PageInFile result;
  for (const std::string& buffer : input.buffers) {
    result.bytes.resize((result.bytes.size() + kAlignment - 1) / kAlignment * kAlignment);
    result.page.buffers.push_back({result.bytes.size(), buffer.size()});
    result.bytes += buffer;
  }
  result.page.rows = input.rows;
  result.page.type_url = input.kind == fuzz::PageKind::v2_1 ? "/lance.encodings21.PageLayout"
                                                            : "/lance.encodings.ArrayEncoding";
  result.page.encoding = fuzz::file_of(input.message);
  return result;
}

lance::v2_0::ValueKind value_kind(fuzz::PageKind kind) {
  switch (kind) {
    case fuzz::PageKind::v2_0_dictionary:
      return lance::v2_0::ValueKind::dictionary;
    case fuzz::PageKind::v2_0_blobs:
      return lance::v2_0::ValueKind::blob;
    default:
      return lance::v2_0::ValueKind::plain;
  }
}

// Decodes the page in bulk and compares the result with `whole`, unless that is null.
void decode_in_bulk(const io::ByteView& file, const lance::Page& page, bool is_v2_0,
                    const lance::Array* whole) {
  const lance::PageContent content = is_v2_0 ? lance::v2_0::inspect_page(file, page, kMaxItems)
                                             : lance::inspect_page(file, page, kMaxItems);
  fuzz::require(content.dimension > 0, "an item has values");
  if (content.dimension > kMaxItems || content.items * content.dimension > kMaxItems ||
      content.item_bits / content.dimension > kMaxValueBits) {
    return;  // ListColumn rejects it
  }
  // A constant page does not record the width of its value; the column's other pages or its field
  // do.
  const std::uint32_t bits =
      content.item_bits == 0 && whole != nullptr ? whole->item_bits : content.item_bits;
  std::vector<std::byte> items(content.items * (bits / 8));
  const lance::Array array = is_v2_0 ? lance::v2_0::decode_page_into(file, page, kMaxItems, items)
                                     : lance::decode_page_into(file, page, kMaxItems, items);
  if (whole == nullptr || array.items != content.items) return;
  fuzz::require(!whole->has_type() || items == whole->data, "values decoded in bulk are the same");
  fuzz::require(array.rows == whole->rows && array.items == whole->items &&
                    array.row_valid == whole->row_valid && array.item_valid == whole->item_valid &&
                    array.value_valid == whole->value_valid &&
                    array.list_offsets == whole->list_offsets && array.outer == whole->outer,
                "rows decoded in bulk are the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const fuzz::PageCase input = fuzz::decode_page_case(fuzz::text_of(bytes, size));
  const PageInFile placed = place(input);
  const io::ByteView file = fuzz::file_of(placed.bytes);
  const fuzz::MemoryLimit memory(kMaxMemory);
  const bool is_v2_0 = input.kind != fuzz::PageKind::v2_1;
  const lance::v2_0::ValueKind kind = value_kind(input.kind);
  fuzz::expect_read_or_rejected([&] {
    (void)(is_v2_0 ? to_string(lance::v2_0::decode_page_encoding(placed.page))
                   : to_string(lance::decode_page_layout(placed.page.encoding)));
  });
  lance::Array whole;
  const bool is_read = fuzz::expect_read_or_rejected([&] {
    if (is_v2_0) {
      lance::v2_0::decode_page(file, placed.page, kind, kMaxItems, whole);
    } else {
      lance::decode_page(file, placed.page, kMaxItems, whole);
    }
  });
  // In format 2.0 the items of a list are another column.
  if (is_read && !(is_v2_0 && whole.is_list)) fuzz::check_array(whole);
  if (kind != lance::v2_0::ValueKind::plain) return 0;
  fuzz::expect_read_or_rejected(
      [&] { decode_in_bulk(file, placed.page, is_v2_0, is_read ? &whole : nullptr); });
  return 0;
}
