// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_encoder.h"

#include <lancekeep/error.h>

#include "lance/encoding/page_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace lancekeep::lance {

static_assert(std::endian::native == std::endian::little, "Lance files are little-endian");

namespace {

constexpr std::size_t kMaxChunkBytes = 32 * 1024;
constexpr std::size_t kMaxChunkValues = 4096;
constexpr std::size_t kHeaderBytes = 8;  // of a chunk: level and buffer sizes, four u16 at most

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
  return mini_block_layout({.rep = chunk.rep ? flat_encoding(16) : "",
                            .def = chunk.def ? flat_encoding(16) : "",
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

// A page of lists without a single item: raw u16 levels are its buffers.
EncodedPage empty_lists_page(const Levels& rep, const Levels& def, std::uint64_t rows) {
  const std::uint32_t layers[] = {kItem, kListWithEmpties};
  return {{level_bytes(rep), level_bytes(def)}, rows, constant_layout(layers)};
}

// A page of nulls alone, without a buffer.
EncodedPage all_null_page(std::uint64_t rows) {
  const std::uint32_t layers[] = {kNullableItem};
  return {{}, rows, constant_layout(layers)};
}

// How many rows from the front fit one chunk, where `cost(row)` is what a row adds to it.
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
              fmt::format("a {} of {} is too long for a page; {} is the limit", what, size, limit));
}

// Offsets count from the start of the buffer, which they open; its size is a multiple of theirs.
template <typename Range, typename Text>
EncodedChunk string_chunk(const Range& rows, Text text) {
  EncodedChunk chunk{
      .value_encoding = variable_encoding(32), .items = rows.size(), .rows = rows.size()};
  auto offset = static_cast<std::uint32_t>((rows.size() + 1) * sizeof(std::uint32_t));
  append(chunk.values, offset);
  for (const auto& row : rows)
    append(chunk.values, offset += static_cast<std::uint32_t>(text(row).size()));
  for (const auto& row : rows) chunk.values += text(row);
  pad(chunk.values, sizeof(std::uint32_t));
  return chunk;
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
  EncodedChunk chunk{.value_encoding = flat_encoding(64),
                     .items = taken.size(),
                     .rows = taken.size(),
                     .layers = {kItem}};
  chunk.values.assign(reinterpret_cast<const char*>(taken.data()), taken.size_bytes());
  return mini_block_page(chunk);
}

EncodedPage encode_int64_lists(std::span<const std::vector<std::int64_t>> rows) {
  if (rows.front().size() > kMaxListItems) too_long("list", rows.front().size(), kMaxListItems);
  // An item costs itself and two levels; an empty list just the levels.
  const std::size_t fit = rows_that_fit(rows, [](const std::vector<std::int64_t>& row) {
    return row.empty() ? 4 : row.size() * (sizeof(std::int64_t) + 4);
  });
  Levels rep, def;
  EncodedChunk chunk{
      .value_encoding = flat_encoding(64), .rows = fit, .layers = {kItem, kListWithEmpties}};
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
      .value_encoding = two_u64_encoding(), .items = fit, .rows = fit, .layers = {kItem}};
  for (const auto& row : rows.first(fit)) {
    append(chunk.values, row.position);
    append(chunk.values, row.size);
  }
  EncodedPage page = mini_block_page(chunk);
  page.layout = blob_layout(page.layout);
  return page;
}

}  // namespace lancekeep::lance
