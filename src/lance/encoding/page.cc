// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page.h"

#include "io/checked_math.h"
#include "io/utf8.h"
#include "lance/encoding/page_decoder.h"
#include "lance/encoding/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lancekeep::lance {
namespace {

constexpr std::string_view kPageLayoutUrl = "/lance.encodings21.PageLayout";
constexpr std::uint64_t kBufferAlignment = 64;

// What a column of texts may take is bounded by the file's size (FSST makes 8 bytes of one at
// most), and by this for texts that a page says once and repeats, or that zstd made very small.
constexpr std::uint64_t kSymbolGrowth = 8;
constexpr std::uint64_t kMaxRepeatedBytes = std::uint64_t{256} << 20;

std::uint64_t text_limit(const io::ByteView& file) {
  const auto grown = io::checked_mul(file.size(), kSymbolGrowth);
  const auto limit = grown ? io::checked_add(*grown, kMaxRepeatedBytes) : std::nullopt;
  return limit.value_or(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace

const io::ByteView& PageInput::buffer(std::size_t index) const {
  if (index < buffers.size()) return buffers[index];
  message.fail(fmt::format("a page has {} buffers, but its layout needs more", buffers.size()));
}

void PageInput::check_items(std::uint64_t items) const {
  if (items <= max_items) return;
  message.fail(fmt::format("a page has {} rows or items, expected at most {}", items, max_items));
}

void ItemSink::take(Array& array, const io::ByteView& where) {
  if (array.item_bits == 0) return;
  if (array.data.size() > to.size() - used) {
    where.fail(fmt::format("a page has more than the {} bytes of items that it says", to.size()));
  }
  std::copy(array.data.begin(), array.data.end(), to.begin() + static_cast<std::ptrdiff_t>(used));
  used += array.data.size();
  array.data.clear();
}

void PageInput::check_bytes(const Array& values) const {
  if (values.item_bits != 0 || values.data.size() <= max_bytes) return;
  message.fail(fmt::format("a page's texts take more than {} bytes once decoded", max_bytes));
}

Array decode_any_page(const PageLayout& layout, const PageInput& page) {
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

PageInput open_page(const io::ByteView& file, const Page& page, std::uint64_t max_items,
                    const Array& so_far, std::uint64_t alignment) {
  PageInput input;
  for (const PageBuffer& buffer : page.buffers) {
    if (buffer.offset % alignment != 0) {
      page.encoding.fail(fmt::format("a page buffer lies at byte {}, which is no multiple of {}",
                                     buffer.offset, alignment));
    }
    input.buffers.push_back(file.sub(buffer.offset, buffer.size, "a page buffer"));
  }
  const std::uint64_t taken = std::max(so_far.items, so_far.rows);
  if (taken > max_items)
    page.encoding.fail(fmt::format("a column has more than {} rows or items", max_items));
  const std::uint64_t limit = text_limit(file);
  const std::uint64_t bytes = so_far.item_bits == 0 ? so_far.data.size() : 0;
  if (bytes > limit) {
    page.encoding.fail(fmt::format("a column's texts take more than {} bytes", limit));
  }
  input.rows = page.rows;
  input.max_items = max_items - taken;
  input.max_bytes = limit - bytes;
  input.message = page.encoding;
  input.check_items(page.rows);
  return input;
}

PageLayout layout_of(const Page& page) {
  if (page.type_url != kPageLayoutUrl) {
    page.encoding.fail(
        ErrorCode::unsupported,
        fmt::format("a page is a {}, expected {}", io::printable(page.type_url), kPageLayoutUrl));
  }
  return decode_page_layout(page.encoding);
}

namespace {

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
      page.message.fail(fmt::format("a full-zip page of {} bytes says it has {} items",
                                    page.buffer(0).size(), layout.visible_items));
    }
    return content(layout.visible_items, layout.values, layout.value_bits == 0);
  }
  PageContent operator()(const BlobLayout&) const { return {page.rows, 0, 1}; }
};

}  // namespace

void decode_page(const io::ByteView& file, const Page& page, std::uint64_t max_items, Array& out) {
  const PageLayout layout = layout_of(page);
  const PageInput input = open_page(file, page, max_items, out, kBufferAlignment);
  Array decoded = decode_any_page(layout, input);
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
  Array array = decode_any_page(layout, input);
  if (array.has_type() && array.item_bits == 0) {
    page.encoding.fail("a page has values of variable width, expected a fixed one");
  }
  sink.take(array, page.encoding);
  if (!array.has_type()) {  // nulls alone
    std::fill(items.begin(), items.end(), std::byte{0});
  } else if (sink.used != items.size()) {
    page.encoding.fail(
        fmt::format("a page has {} bytes of items, expected {}", sink.used, items.size()));
  }
  clear_nulls(array, items);
  return array;
}

}  // namespace lancekeep::lance
