// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_encoder.h"

#include <lancekeep/error.h>

#include "lance/encoding/compression.h"
#include "lance/encoding/page_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

namespace lancekeep::lance {

static_assert(std::endian::native == std::endian::little, "Lance files are little-endian");

namespace {

constexpr std::size_t kMaxChunkBytes = 32 * 1024;
constexpr std::size_t kMaxChunkValues = 4096;
constexpr std::size_t kHeaderBytes = 8;  // of a chunk: level and buffer sizes, at most four u16

constexpr std::uint64_t kItemBytes = 8;

// Levels are packed to one bit: 1,024 levels in 64 words of 16 bits.
constexpr std::uint64_t kPackedLevels = 1024;
constexpr std::uint64_t kPackedWords = 64;
constexpr std::uint64_t kLog2ChunkItems = std::countr_zero(kListChunkItems);

template <typename T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void pad(std::string& out, std::size_t alignment) {
  out.resize((out.size() + alignment - 1) / alignment * alignment, '\0');
}

using Levels = std::vector<std::uint16_t>;

std::string level_bytes(const Levels& levels) {
  return {reinterpret_cast<const char*>(levels.data()), levels.size() * sizeof(std::uint16_t)};
}

struct EncodedChunk {
  std::string values;          // the one value buffer
  std::string value_encoding;  // a CompressiveEncoding message
  std::uint64_t items = 0;     // in `values`, nulls included
  std::uint64_t rows = 0;
  std::vector<std::uint32_t> layers;
  std::optional<Levels> rep;
  std::optional<Levels> def;
};

// u16 levels | [u16 rep bytes] | [u16 def bytes] | u16 value bytes, each part padded to 8.
std::string chunk_bytes(const EncodedChunk& chunk) {
  std::string out;
  const auto size16 = [&out](std::size_t size) { append(out, static_cast<std::uint16_t>(size)); };
  size16(chunk.rep ? chunk.rep->size() : chunk.def ? chunk.def->size() : 0);
  if (chunk.rep) size16(chunk.rep->size() * 2);
  if (chunk.def) size16(chunk.def->size() * 2);
  size16(chunk.values.size());
  for (const auto& levels : {chunk.rep, chunk.def}) {
    if (!levels) continue;
    pad(out, 8);
    out += level_bytes(*levels);
  }
  pad(out, 8);
  out += chunk.values;
  pad(out, 8);
  return out;
}

std::string layout_of(const EncodedChunk& chunk) {
  return encode_mini_block_layout({.rep = chunk.rep ? encode_flat(16) : "",
                                   .def = chunk.def ? encode_flat(16) : "",
                                   .values = chunk.value_encoding,
                                   .layers = chunk.layers,
                                   .items = chunk.items});
}

EncodedPage mini_block_page(const EncodedChunk& chunk) {
  std::string content = chunk_bytes(chunk);
  std::string table;  // one u16 a chunk: size in words of 8 bytes less one, log2 of the items (0:
                      // the last chunk)
  append(table, static_cast<std::uint16_t>((content.size() / 8 - 1) << 4));
  EncodedPage page{{std::move(table), std::move(content)}, chunk.rows, layout_of(chunk)};
  if (chunk.rep) {
    std::string index;  // rows that end in the chunk, items of a row left open
    append(index, chunk.rows);
    append(index, std::uint64_t{0});
    page.buffers.push_back(std::move(index));
  }
  return page;
}

// A page of empty lists. Its buffers are raw u16 levels.
EncodedPage empty_lists_page(const Levels& rep, const Levels& def, std::uint64_t rows) {
  const std::uint32_t layers[] = {kItem, kListWithEmpties};
  return {{level_bytes(rep), level_bytes(def)}, rows, encode_constant_layout(layers)};
}

// A page of nulls, without buffers.
EncodedPage all_null_page(std::uint64_t rows) {
  const std::uint32_t layers[] = {kNullableItem};
  return {{}, rows, encode_constant_layout(layers)};
}

// How many rows from the front fit in one chunk; `cost(row)` is the bytes that a row takes.
template <typename Row, typename Cost>
std::size_t rows_that_fit(std::span<const Row> rows, Cost cost) {
  std::size_t bytes = kHeaderBytes + 3 * 8;  // header, and the padding of three parts
  std::size_t count = 0;
  while (count < rows.size() && count < kMaxChunkValues) {
    const std::size_t more = cost(rows[count]);
    if (more > kMaxChunkBytes - bytes) break;
    bytes += more;
    ++count;
  }
  return count;
}

[[noreturn]] void too_long(const char* what, std::size_t size, std::size_t limit) {
  throw Error(ErrorCode::invalid_argument,
              fmt::format("a {} of {} is too long for a page; the limit is {}", what, size, limit));
}

// Offsets come first in the buffer and count from its start. The buffer is padded to their size.
template <typename Range, typename Text>
EncodedChunk string_chunk(const Range& rows, Text text) {
  EncodedChunk chunk{
      .value_encoding = encode_variable(32), .items = rows.size(), .rows = rows.size()};
  auto offset = static_cast<std::uint32_t>((rows.size() + 1) * sizeof(std::uint32_t));
  append(chunk.values, offset);
  for (const auto& row : rows)
    append(chunk.values, offset += static_cast<std::uint32_t>(text(row).size()));
  for (const auto& row : rows) chunk.values += text(row);
  pad(chunk.values, sizeof(std::uint32_t));
  return chunk;
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

EncodedPage encode_strings(std::span<const std::string> rows) {
  if (rows.front().size() > kMaxStringBytes)
    too_long("string", rows.front().size(), kMaxStringBytes);
  const std::size_t fit = rows_that_fit(rows, [](const std::string& s) { return s.size() + 4; });
  EncodedChunk chunk =
      string_chunk(rows.first(fit), [](const std::string& s) -> const std::string& { return s; });
  chunk.layers = {kItem};
  return mini_block_page(chunk);
}

EncodedPage encode_optional_strings(std::span<const OptionalText> rows) {
  const std::string none;
  const auto text = [&none](const OptionalText& s) -> const std::string& { return s ? *s : none; };
  if (text(rows.front()).size() > kMaxStringBytes) {
    too_long("string", rows.front()->size(), kMaxStringBytes);
  }
  const std::size_t fit =
      rows_that_fit(rows, [&](const OptionalText& s) { return text(s).size() + 4 + 2; });
  const auto taken = rows.first(fit);
  Levels def;
  bool any_value = false, any_null = false;
  for (const auto& row : taken) {
    def.push_back(row ? 0 : 1);
    (row ? any_value : any_null) = true;
  }
  if (!any_value) return all_null_page(taken.size());
  EncodedChunk chunk = string_chunk(taken, text);
  chunk.layers = {any_null ? kNullableItem : kItem};
  if (any_null) chunk.def = std::move(def);
  return mini_block_page(chunk);
}

EncodedPage encode_int64(std::span<const std::int64_t> rows) {
  const auto taken =
      rows.first(rows_that_fit(rows, [](std::int64_t) { return sizeof(std::int64_t); }));
  EncodedChunk chunk{.value_encoding = encode_flat(64),
                     .items = taken.size(),
                     .rows = taken.size(),
                     .layers = {kItem}};
  chunk.values.assign(reinterpret_cast<const char*>(taken.data()), taken.size_bytes());
  return mini_block_page(chunk);
}

EncodedPage encode_int64_lists(std::span<const std::vector<std::int64_t>> rows) {
  if (rows.front().size() > kMaxListItems) too_long("list", rows.front().size(), kMaxListItems);
  // An item takes its bytes and two levels, an empty list only the levels.
  const std::size_t fit = rows_that_fit(rows, [](const std::vector<std::int64_t>& row) {
    return row.empty() ? 4 : row.size() * (sizeof(std::int64_t) + 4);
  });
  Levels rep, def;
  EncodedChunk chunk{
      .value_encoding = encode_flat(64), .rows = fit, .layers = {kItem, kListWithEmpties}};
  for (const auto& row : rows.first(fit)) {
    if (row.empty()) {
      rep.push_back(1);
      def.push_back(1);
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      rep.push_back(i == 0 ? 1 : 0);
      def.push_back(0);
      append(chunk.values, row[i]);
      ++chunk.items;
    }
  }
  if (chunk.items == 0) return empty_lists_page(rep, def, fit);
  chunk.rep = std::move(rep);
  chunk.def = std::move(def);
  return mini_block_page(chunk);
}

EncodedPage encode_empty_lists(std::uint64_t rows) {
  const Levels ones(std::min<std::uint64_t>(rows, kMaxChunkValues), 1);
  return empty_lists_page(ones, ones, ones.size());
}

EncodedPage encode_blobs(std::span<const BlobDescriptor> rows) {
  const std::size_t fit =
      rows_that_fit(rows, [](const BlobDescriptor&) { return sizeof(BlobDescriptor); });
  EncodedChunk chunk{
      .value_encoding = encode_u64_pair(), .items = fit, .rows = fit, .layers = {kItem}};
  for (const auto& row : rows.first(fit)) {
    append(chunk.values, row.position);
    append(chunk.values, row.size);
  }
  EncodedPage page = mini_block_page(chunk);
  page.layout = encode_blob_layout(page.layout);
  return page;
}

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
  return encode_mini_block_layout({.rep = encode_bitpacked(16, 1),
                                   .values = encode_flat(64),
                                   .layers = layers,
                                   .items = items_});
}

}  // namespace lancekeep::lance
