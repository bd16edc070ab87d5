// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/constant_page.h"

#include "io/checked_math.h"
#include "lance/encoding/compression.h"
#include "lance/encoding/levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kMaxInlineBytes = 32;

struct Scalar {
  bool is_variable = false;
  io::ByteView bytes;
};

Scalar decode_scalar(const io::ByteView& buffer) {
  io::ByteReader reader(buffer);
  const std::uint32_t count = reader.u32("the parts of a constant");
  if (count == 0 || count > 2) {
    buffer.fail(ErrorCode::unsupported,
                fmt::format("a constant has {} parts, expected 1 or 2", count));
  }
  std::vector<std::uint64_t> sizes(count);
  for (std::uint64_t& size : sizes) size = reader.u32("the size of a constant's part");
  const io::ByteView first = reader.take(sizes[0], "a constant");
  if (count == 1) return {false, first};
  const io::ByteView bytes = reader.take(sizes[1], "a constant");
  io::ByteReader offsets(first);
  const bool wide = first.size() == 2 * sizeof(std::uint64_t);
  const std::uint64_t start =
      wide ? offsets.u64("a constant's offset") : offsets.u32("a constant's offset");
  const std::uint64_t end =
      wide ? offsets.u64("a constant's offset") : offsets.u32("a constant's offset");
  if (start > end) first.fail(fmt::format("a constant starts at {} and ends at {}", start, end));
  return {true, bytes.sub(start, end - start, "a constant")};
}

class ConstantDecoder {
 public:
  ConstantDecoder(const ConstantLayout& layout, const PageInput& page)
      : layout_(layout),
        page_(page),
        layers_(decode_layers(layout.layers, page.message)),
        rows_(layers_, page.rows) {}

  Array decode();
  std::uint64_t count();

 private:
  void find_value();
  [[nodiscard]] std::vector<Level> levels(std::size_t buffer,
                                          const std::optional<Compression>& compression,
                                          std::uint64_t count) const;
  void add_levels();
  void repeat_value();

  const ConstantLayout& layout_;
  const PageInput& page_;
  Layers layers_;
  RowBuilder rows_;
  std::optional<Scalar> value_;
  std::size_t first_levels_ = 0;  // index of the buffer with repetition levels
  bool any_valid_ = false;
  Array result_;
};

void ConstantDecoder::find_value() {
  if (layout_.value) {
    if (layout_.value->empty() || layout_.value->size() > kMaxInlineBytes) {
      layout_.value->fail(fmt::format("an inline constant has {} bytes, expected 1 to {}",
                                      layout_.value->size(), kMaxInlineBytes));
    }
    value_ = Scalar{false, *layout_.value};
  } else if (page_.buffers.size() % 2 == 1) {
    value_ = decode_scalar(page_.buffer(0));
    first_levels_ = 1;
    if (!value_->is_variable && (value_->bytes.empty() || value_->bytes.size() > kMaxInlineBytes)) {
      value_->bytes.fail(fmt::format("a fixed-width constant has {} bytes, expected 1 to {}",
                                     value_->bytes.size(), kMaxInlineBytes));
    }
  }
}

std::vector<Level> ConstantDecoder::levels(std::size_t buffer,
                                           const std::optional<Compression>& compression,
                                           std::uint64_t count) const {
  if (buffer >= page_.buffers.size()) return {};
  const io::ByteView& bytes = page_.buffer(buffer);
  if (!compression) {
    if (bytes.size() % sizeof(Level) != 0)
      bytes.fail(fmt::format("{} bytes of levels, expected a multiple of 2", bytes.size()));
    count = bytes.size() / sizeof(Level);
  }
  // Each level is an item or a row without items; there are at most max_items of both.
  if (const auto most = io::checked_add(page_.rows, page_.max_items); most && count > *most) {
    bytes.fail(fmt::format("{} levels for {} rows and at most {} items", count, page_.rows,
                           page_.max_items));
  }
  return decode_levels(compression, bytes, count);
}

void ConstantDecoder::add_levels() {
  const std::vector<Level> rep = levels(first_levels_, layout_.rep, layout_.rep_levels);
  const std::vector<Level> def = levels(first_levels_ + 1, layout_.def, layout_.def_levels);
  if (layers_.has_lists() || !def.empty()) {
    const io::ByteView& where = page_.buffers.empty() ? page_.message : page_.buffer(first_levels_);
    result_.items = rows_.add(rep, def, where);
    any_valid_ =
        def.empty() ? result_.items > 0 : std::find(def.begin(), def.end(), Level{0}) != def.end();
    return;
  }
  result_.items = page_.rows;
  any_valid_ = value_.has_value() && page_.rows > 0;
  if (any_valid_ || page_.rows == 0) return;
  if (layers_.highest == 0) {
    page_.message.fail("a constant page has rows, but neither a value nor nulls");
  }
  rows_.add({}, std::vector<Level>(page_.rows, layers_.highest), page_.message);
}

void ConstantDecoder::repeat_value() {
  if (!value_) {
    if (any_valid_) page_.message.fail("a constant page has items, but no value");
    return;
  }
  const auto bytes = value_->bytes.bytes();
  if (value_->is_variable) {
    const auto size = io::checked_mul<std::uint64_t>(bytes.size(), result_.items);
    if (!size || *size > page_.max_bytes) {
      value_->bytes.fail(
          fmt::format("a string of {} bytes repeated {} times takes more than {} bytes",
                      bytes.size(), result_.items, page_.max_bytes));
    }
    result_.offsets.reserve(result_.items + 1);
    for (std::uint64_t item = 0; item <= result_.items; ++item)
      result_.offsets.push_back(item * bytes.size());
    result_.data.resize(*size);
  } else {
    result_.item_bits = static_cast<std::uint32_t>(bytes.size() * 8);
    result_.data.resize(result_.items * bytes.size());
  }
  if (bytes.empty()) return;
  for (std::size_t at = 0; at < result_.data.size(); at += bytes.size()) {
    std::memcpy(result_.data.data() + at, bytes.data(), bytes.size());
  }
}

Array ConstantDecoder::decode() {
  page_.check_items(page_.rows);
  find_value();
  add_levels();
  page_.check_items(result_.items);
  repeat_value();
  rows_.finish(result_, page_.message);
  return std::move(result_);
}

std::uint64_t ConstantDecoder::count() {
  page_.check_items(page_.rows);
  find_value();
  add_levels();
  return result_.items;
}

}  // namespace

std::uint64_t count_constant_items(const ConstantLayout& layout, const PageInput& page) {
  return ConstantDecoder(layout, page).count();
}

Array decode_constant_page(const ConstantLayout& layout, const PageInput& page) {
  return ConstantDecoder(layout, page).decode();
}

}  // namespace lancekeep::lance
