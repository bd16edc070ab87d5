// SPDX-License-Identifier: Apache-2.0
#include "lance/file/list_column_writer.h"

#include <lancekeep/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kItemBytes = 8;
// A page ends with the row that would make it larger: 8 MiB, as pylance makes them. So a reader may
// decode several at once, and find a row without reading much of a table.
constexpr std::uint64_t kPageItems = 1 << 20;

}  // namespace

ListColumnWriter::ListColumnWriter(DataFileWriter& file, std::size_t column,
                                   std::vector<std::uint64_t> lengths)
    : file_(file), column_(column), lengths_(std::move(lengths)) {
  start_page();
}

// Lists without an item have pages of their own, so that no other page needs definition levels.
void ListColumnWriter::start_page() {
  while (next_row_ < lengths_.size() && lengths_[next_row_] == 0) {
    const auto first = lengths_.begin() + static_cast<std::ptrdiff_t>(next_row_);
    const auto end = std::find_if(first, lengths_.end(), [](std::uint64_t n) { return n > 0; });
    const EncodedPage page = encode_empty_lists(static_cast<std::uint64_t>(end - first));
    file_.add_page(column_, page);
    next_row_ += page.rows;
  }
  if (next_row_ == lengths_.size()) return;
  std::uint64_t items = lengths_[next_row_];
  std::size_t end = next_row_ + 1;
  while (end < lengths_.size() && lengths_[end] > 0 &&
         lengths_[end] <= kPageItems - std::min(items, kPageItems)) {
    items += lengths_[end++];
  }
  page_rows_ = end - next_row_;
  page_.emplace(std::span(lengths_).subspan(next_row_, page_rows_));
  next_row_ = end;
  chunks_at_ = file_.start_buffer();
}

void ListColumnWriter::end_page() {
  const PageBuffer chunks{chunks_at_, file_.position() - chunks_at_};
  const PageBuffer table = file_.place(page_->chunk_table());
  const PageBuffer index = file_.place(page_->repetition_index());
  file_.add_page(column_, page_rows_, page_->layout(), {table, chunks, index});
  page_.reset();
  start_page();
}

void ListColumnWriter::write(std::span<const std::byte> items) {
  while (!items.empty()) {
    if (!page_) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("{} bytes more than the lists of the column have", items.size()));
    }
    if (chunk_bytes_missing_ == 0) {
      chunk_bytes_missing_ = page_->next_items() * kItemBytes;
      const std::string head = page_->next_head();
      file_.write(std::as_bytes(std::span(head)));
    }
    const auto part = items.first(std::min<std::uint64_t>(items.size(), chunk_bytes_missing_));
    file_.write(part);
    items = items.subspan(part.size());
    chunk_bytes_missing_ -= part.size();
    if (chunk_bytes_missing_ == 0 && page_->next_items() == 0) end_page();
  }
}

void ListColumnWriter::finish() {
  if (!page_) return;
  throw Error(ErrorCode::invalid_argument, "the lists of a column have fewer items than announced");
}

}  // namespace lancekeep::lance
