// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/list_page_encoder.h"

#include "lance/encoding/page_messages.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

namespace lancekeep::lance {

static_assert(std::endian::native == std::endian::little, "Lance files are little-endian");

namespace {

constexpr std::uint64_t kItemBytes = 8;
constexpr std::uint64_t kHeaderBytes = 8;  // u16 levels, u16 bytes of them, u16 bytes of items, pad

// Levels are packed to one bit, 1,024 of them to 64 words of 16 bits.
constexpr std::uint64_t kPackedLevels = 1024;
constexpr std::uint64_t kPackedWords = 64;
constexpr std::uint64_t kLog2ChunkItems = std::countr_zero(kListChunkItems);

template <typename T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Of 128 levels the first 64 are bit 0 of the 64 words, the others bit 8; the next 128 are bits 1
// and 9, and so on.
void set_level(std::vector<std::uint16_t>& words, std::uint64_t level) {
  const std::uint64_t i = level % kPackedLevels;
  const std::uint64_t bit = i / 128 + i % 128 / 64 * 8;
  std::uint16_t& word = words[level / kPackedLevels * kPackedWords + i % kPackedWords];
  word = static_cast<std::uint16_t>(word | 1u << bit);
}

}  // namespace

ListPageEncoder::ListPageEncoder(std::span<const std::uint64_t> lengths)
    : lengths_(lengths),
      items_(std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0})) {}

std::uint64_t ListPageEncoder::next_items() const {
  return std::min(kListChunkItems, items_ - done_);
}

std::string ListPageEncoder::next_head() {
  const std::uint64_t items = next_items();
  std::vector<std::uint16_t> levels((items + kPackedLevels - 1) / kPackedLevels * kPackedWords);
  std::uint64_t ended = 0;
  for (std::uint64_t item = 0; item < items;) {
    if (row_items_ == 0) set_level(levels, item);
    const std::uint64_t taken = std::min(items - item, lengths_[row_] - row_items_);
    item += taken;
    row_items_ += taken;
    if (row_items_ < lengths_[row_]) continue;
    ++row_;
    ++ended;
    row_items_ = 0;
  }
  done_ += items;
  const std::uint64_t level_bytes = levels.size() * sizeof(levels[0]);
  std::string head;
  append(head, static_cast<std::uint16_t>(items));
  append(head, static_cast<std::uint16_t>(level_bytes));
  append(head, static_cast<std::uint16_t>(items * kItemBytes));
  head.resize(kHeaderBytes, '\0');
  head.append(reinterpret_cast<const char*>(levels.data()), level_bytes);

  const std::uint64_t words = (head.size() + items * kItemBytes) / 8;
  const std::uint64_t log2_items = done_ == items_ ? 0 : kLog2ChunkItems;  // 0: what remains
  append(table_, static_cast<std::uint16_t>((words - 1) << 4 | log2_items));
  append(index_, ended);
  append(index_, std::min(row_items_, items));
  return head;
}

std::string ListPageEncoder::layout() const {
  const std::uint32_t layers[] = {kItem, kList};
  return mini_block_layout({.rep = packed_encoding(16, 1),
                            .values = flat_encoding(64),
                            .layers = layers,
                            .items = items_});
}

}  // namespace lancekeep::lance
