// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_input.h"

#include "io/checked_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lancekeep::lance {
namespace {

// The variable-width values of a column are limited by the file's size, since FSST expands a byte
// to at most 8. The constant allows for strings that a page stores once and repeats, or that zstd
// shrank.
constexpr std::uint64_t kMaxSymbolBytes = 8;
constexpr std::uint64_t kMaxRepeatedBytes = std::uint64_t{256} << 20;

std::uint64_t max_variable_bytes(const io::ByteView& file) {
  const auto expanded = io::checked_mul(file.size(), kMaxSymbolBytes);
  const auto limit = expanded ? io::checked_add(*expanded, kMaxRepeatedBytes) : std::nullopt;
  return limit.value_or(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace

void ItemSink::take(Array& array, const io::ByteView& where) {
  if (array.item_bits == 0) return;
  if (array.data.size() > to.size() - used) {
    where.fail(
        fmt::format("a page has more than the {} bytes of items that it declares", to.size()));
  }
  std::copy(array.data.begin(), array.data.end(), to.begin() + static_cast<std::ptrdiff_t>(used));
  used += array.data.size();
  array.data.clear();
}

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
  message.fail(fmt::format("a page's strings decode to more than {} bytes", max_bytes));
}

PageInput open_page(const io::ByteView& file, const Page& page, std::uint64_t max_items,
                    const Array& so_far, std::uint64_t alignment) {
  PageInput input;
  for (const PageBuffer& buffer : page.buffers) {
    if (buffer.offset % alignment != 0) {
      page.encoding.fail(fmt::format("a page buffer starts at byte {}, expected a multiple of {}",
                                     buffer.offset, alignment));
    }
    input.buffers.push_back(file.sub(buffer.offset, buffer.size, "a page buffer"));
  }
  const std::uint64_t taken = std::max(so_far.items, so_far.rows);
  if (taken > max_items) {
    page.encoding.fail(fmt::format("a column has more than {} rows or items", max_items));
  }
  const std::uint64_t limit = max_variable_bytes(file);
  const std::uint64_t bytes = so_far.item_bits == 0 ? so_far.data.size() : 0;
  if (bytes > limit) {
    page.encoding.fail(fmt::format("a column's strings decode to more than {} bytes", limit));
  }
  input.rows = page.rows;
  input.max_items = max_items - taken;
  input.max_bytes = limit - bytes;
  input.message = page.encoding;
  input.check_items(page.rows);
  return input;
}

}  // namespace lancekeep::lance
