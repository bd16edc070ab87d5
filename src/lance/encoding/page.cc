// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page.h"

#include "io/checked_math.h"
#include "io/printable.h"
#include "lance/encoding/page_decoder.h"

#include <fmt/format.h>

#include <limits>

namespace lancekeep::lance {
namespace {

constexpr std::string_view page_layout_url = "/lance.encodings21.PageLayout";
constexpr std::uint64_t buffer_alignment = 64;

// What a column of texts may take is bounded by the file's size (FSST makes 8 bytes of one at
// most), and by this for texts that a page says once and repeats, or that zstd made very small.
constexpr std::uint64_t symbol_growth = 8;
constexpr std::uint64_t max_repeated_bytes = std::uint64_t{256} << 20;

PageInput find_buffers(const io::ByteView& file, const Page& page) {
  PageInput input;
  for (const PageBuffer& buffer : page.buffers) {
    if (buffer.offset % buffer_alignment != 0) {
      page.encoding.fail(fmt::format("a page buffer lies at byte {}, which is no multiple of {}",
                                     buffer.offset, buffer_alignment));
    }
    input.buffers.push_back(file.sub(buffer.offset, buffer.size, "a page buffer"));
  }
  return input;
}

std::uint64_t text_limit(const io::ByteView& file) {
  const auto grown = io::checked_mul(file.size(), symbol_growth);
  const auto limit = grown ? io::checked_add(*grown, max_repeated_bytes) : std::nullopt;
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

void decode_page(const io::ByteView& file, const Page& page, std::uint64_t max_items, Array& out) {
  if (page.type_url != page_layout_url) {
    page.encoding.fail(
        ErrorCode::unsupported,
        fmt::format("a page is a {}, expected {}", io::printable(page.type_url), page_layout_url));
  }
  const PageLayout layout = decode_page_layout(page.encoding);
  PageInput input = find_buffers(file, page);
  const std::uint64_t so_far = std::max(out.items, out.rows);
  if (so_far > max_items)
    page.encoding.fail(fmt::format("a column has more than {} rows or items", max_items));
  const std::uint64_t limit = text_limit(file);
  if (out.item_bits == 0 && out.data.size() > limit) {
    page.encoding.fail(fmt::format("a column's texts take more than {} bytes", limit));
  }
  input.rows = page.rows;
  input.max_items = max_items - so_far;
  input.max_bytes = limit - (out.item_bits == 0 ? out.data.size() : 0);
  input.message = page.encoding;
  input.check_items(page.rows);
  Array decoded = decode_any_page(layout, input);
  clear_nulls(decoded);
  append_array(out, std::move(decoded), page.encoding);
}

}  // namespace lancekeep::lance
