// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/mini_block_page.h"

#include "io/checked_math.h"
#include "lance/encoding/levels.h"
#include "lance/encoding/value_decoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kChunkAlignment = 8;
constexpr std::uint64_t kMaxChunkItems = 65536;  // the number of a chunk's levels has 16 bits
constexpr std::uint64_t kMaxItemsPerByte =
    255;                                       // of a compressed dictionary: the best ratio of LZ4
constexpr std::uint64_t kMaxValueBuffers = 8;  // run-length needs the most: 2

struct Chunk {
  std::uint64_t level_count = 0;
  io::ByteView rep;
  io::ByteView def;
  std::vector<io::ByteView> values;
  io::ByteView whole;
};

class MiniBlockDecoder {
 public:
  MiniBlockDecoder(const MiniBlockLayout& layout, const PageInput& page)
      : layout_(layout),
        page_(page),
        layers_(decode_layers(layout.layers, page.message)),
        rows_(layers_, page.rows),
        values_(empty_values(layout.values)),
        result_(values_) {}

  Array decode();

 private:
  void check_layout() const;
  void read_dictionary();
  [[nodiscard]] Chunk read_chunk(const io::ByteView& bytes) const;
  void decode_chunk(const Chunk& chunk, std::uint64_t items);
  void add_levels(const Chunk& chunk, std::uint64_t items);
  [[nodiscard]] std::uint64_t large_or_small(io::ByteReader& reader, std::string_view what) const {
    return layout_.large_chunks ? reader.u32(what) : reader.u16(what);
  }

  const MiniBlockLayout& layout_;
  const PageInput& page_;
  Layers layers_;
  RowBuilder rows_;
  std::uint64_t levels_ = 0;
  std::optional<Array> dictionary_;
  Array values_;  // with a dictionary: the indices of the current chunk
  Array result_;
};

void MiniBlockDecoder::check_layout() const {
  page_.check_items(layout_.items);
  if (!layers_.has_lists() && layout_.items != page_.rows) {
    page_.message.fail(fmt::format("a page of {} rows has {} items", page_.rows, layout_.items));
  }
  if (layers_.has_lists() && !layout_.rep)
    page_.message.fail("a page of lists has no repetition levels");
  if (!layers_.has_lists() && layout_.rep)
    page_.message.fail("a page without lists has repetition levels");
  if (layout_.num_buffers > kMaxValueBuffers) {
    page_.message.fail(ErrorCode::unsupported,
                       fmt::format("chunks have {} value buffers, expected at most {}",
                                   layout_.num_buffers, kMaxValueBuffers));
  }
}

void MiniBlockDecoder::read_dictionary() {
  if (!layout_.dictionary) return;
  // A dictionary of the schema's dictionary type can have items that no row of the page uses.
  const std::uint64_t bytes = page_.buffer(2).size();
  const std::uint64_t backed = io::checked_mul(bytes, kMaxItemsPerByte).value_or(bytes);
  if (layout_.dictionary_items > std::max(layout_.items, backed)) {
    page_.message.fail(
        fmt::format("a dictionary of {} bytes, in a page of {} items, declares {} entries", bytes,
                    layout_.items, layout_.dictionary_items));
  }
  dictionary_ =
      decode_block(*layout_.dictionary, page_.buffer(2), layout_.dictionary_items, page_.max_bytes);
  result_ = Array{};
  set_type(result_, dictionary_->item_bits);
  result_.dimension = dictionary_->dimension;
}

Chunk MiniBlockDecoder::read_chunk(const io::ByteView& bytes) const {
  io::ByteReader reader(bytes);
  Chunk chunk;
  chunk.whole = bytes;
  chunk.level_count = reader.u16("a chunk's number of levels");
  const std::uint64_t rep_size = layout_.rep ? reader.u16("the size of repetition levels") : 0;
  const std::uint64_t def_size = layout_.def ? reader.u16("the size of definition levels") : 0;
  std::vector<std::uint64_t> sizes(layout_.num_buffers);
  for (std::uint64_t& size : sizes) size = large_or_small(reader, "the size of a value buffer");
  const auto take = [&reader](std::uint64_t size, std::string_view what) {
    reader.align(kChunkAlignment, what);
    return reader.take(size, what);
  };
  if (layout_.rep) chunk.rep = take(rep_size, "repetition levels");
  if (layout_.def) chunk.def = take(def_size, "definition levels");
  for (const std::uint64_t size : sizes) chunk.values.push_back(take(size, "a value buffer"));
  return chunk;
}

void MiniBlockDecoder::add_levels(const Chunk& chunk, std::uint64_t items) {
  if (!layout_.rep && !layout_.def) return;
  // Each level is an item, a row without items or, in a list of lists, an inner list without items.
  levels_ += chunk.level_count;
  const std::uint64_t inner_lists = layers_.lists > 1 ? page_.max_items : 0;
  if (levels_ > layout_.items + page_.rows && levels_ > inner_lists) {
    chunk.whole.fail(
        fmt::format("a page of {} rows and {} items has more levels than rows and items",
                    page_.rows, layout_.items));
  }
  std::vector<Level> rep;
  std::vector<Level> def;
  if (layout_.rep) rep = decode_levels(layout_.rep, chunk.rep, chunk.level_count);
  if (layout_.def) def = decode_levels(layout_.def, chunk.def, chunk.level_count);
  if (const std::uint64_t visible = rows_.add(rep, def, chunk.whole); visible != items) {
    chunk.whole.fail(
        fmt::format("a chunk's levels are for {} items, but it has {}", visible, items));
  }
}

void MiniBlockDecoder::decode_chunk(const Chunk& chunk, std::uint64_t items) {
  add_levels(chunk, items);
  if (!dictionary_) {
    append_chunk_values(layout_.values, chunk.values, items, page_.max_bytes, result_);
    return;
  }
  values_.data.clear();
  values_.items = 0;
  append_chunk_values(layout_.values, chunk.values, items, page_.max_bytes, values_);
  append_dictionary_values(*dictionary_, chunk.whole, values_.item_bits, values_.data,
                           page_.max_bytes, result_);
}

Array MiniBlockDecoder::decode() {
  check_layout();
  read_dictionary();
  io::ByteReader table(page_.buffer(0));
  io::ByteReader chunks(page_.buffer(1));
  const std::uint64_t entry_size = layout_.large_chunks ? 4 : 2;
  std::uint64_t left = layout_.items;
  while (table.remaining() > 0) {
    const std::uint64_t entry = large_or_small(table, "an entry of the chunk table");
    const std::uint64_t size = ((entry >> 4) + 1) * kChunkAlignment;
    const std::uint64_t items =
        table.remaining() < entry_size ? left : std::uint64_t{1} << (entry & 15);
    if (items > left)
      table.fail(fmt::format("a chunk has {} items, but only {} remain", items, left));
    const io::ByteView chunk_bytes = chunks.take(size, "a chunk");
    decode_chunk(read_chunk(chunk_bytes), items);
    page_.check_bytes(result_);
    if (page_.sink != nullptr) page_.sink->take(result_, chunk_bytes);
    left -= items;
  }
  if (left > 0) table.fail(fmt::format("the chunks of a page are {} items short", left));
  rows_.finish(result_, page_.message);
  return std::move(result_);
}

}  // namespace

std::uint64_t count_mini_block_items(const MiniBlockLayout& layout, const PageInput& page) {
  io::ByteReader table(page.buffer(0));
  const std::uint64_t entry_size = layout.large_chunks ? 4 : 2;
  std::uint64_t most = 0;
  std::uint64_t left = page.buffer(1).size();
  while (table.remaining() > 0) {
    const std::uint64_t entry = layout.large_chunks ? table.u32("an entry of the chunk table")
                                                    : table.u16("an entry of the chunk table");
    const bool is_last = table.remaining() < entry_size;
    const std::uint64_t size = ((entry >> 4) + 1) * kChunkAlignment;
    if (size > left) table.fail("a page's chunks are larger than their buffer");
    left -= size;
    most += is_last ? kMaxChunkItems : std::uint64_t{1} << (entry & 15);
  }
  if (layout.items > most) {
    page.message.fail(fmt::format("a page declares {} items, but its chunks hold at most {}",
                                  layout.items, most));
  }
  return layout.items;
}

Array decode_mini_block_page(const MiniBlockLayout& layout, const PageInput& page) {
  return MiniBlockDecoder(layout, page).decode();
}

}  // namespace lancekeep::lance
