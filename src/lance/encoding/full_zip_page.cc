// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/full_zip_page.h"

#include "lance/encoding/codecs.h"
#include "lance/encoding/compression.h"
#include "lance/encoding/fixed_width.h"
#include "lance/encoding/levels.h"
#include "lance/encoding/value_decoder.h"

#include <fmt/format.h>

#include <optional>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t kMaxLevelBits = 16;
constexpr std::size_t kMaxPendingLevels = 4096;

class FullZipDecoder {
 public:
  FullZipDecoder(const FullZipLayout& layout, const PageInput& page)
      : layout_(layout),
        page_(page),
        layers_(decode_layers(layout.layers, page.message)),
        rows_(layers_, page.rows),
        reader_(page.buffer(0)) {}

  Array decode();

 private:
  void check_layout();
  void check_lists();
  // Returns whether a value follows. None follows an empty list, or a null that has no stored
  // value.
  bool read_control_word();
  // pylance 1.0.4 writes fixed-size lists that are all null as constant values without a constant.
  [[nodiscard]] bool is_all_null() const {
    return layout_.values.kind == EncodingKind::constant && layout_.value_bits == 0;
  }
  void read_fixed_value();
  void read_variable_value();
  void append_value(const Compression& compression, const io::ByteView& value);
  void flush_levels();

  const FullZipLayout& layout_;
  const PageInput& page_;
  Layers layers_;
  RowBuilder rows_;
  io::ByteReader reader_;
  std::uint32_t control_bytes_ = 0;
  const Compression* lists_ = nullptr;  // the fixed-size lists whose values have a bitmap
  std::optional<SymbolTable> symbols_;
  std::vector<Level> rep_;
  std::vector<Level> def_;
  Array result_;
};

void FullZipDecoder::check_layout() {
  page_.check_items(page_.rows);
  if (layout_.rep_bits > kMaxLevelBits || layout_.def_bits > kMaxLevelBits) {
    page_.message.fail(ErrorCode::unsupported,
                       fmt::format("a full-zip page (layout 3) has levels of {} and {} bits",
                                   layout_.rep_bits, layout_.def_bits));
  }
  const std::uint32_t bits = layout_.rep_bits + layout_.def_bits;
  control_bytes_ = bits == 0 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
  if (layers_.has_lists() != (layout_.rep_bits != 0)) {
    page_.message.fail("a full-zip page's repetition levels do not match its layers");
  }
  if (layers_.highest != 0 && layout_.def_bits == 0) {
    page_.message.fail("a full-zip page has no definition levels, but its layers need them");
  }
  if (is_all_null()) {
    if (control_bytes_ == 0) page_.message.fail("a full-zip page of nulls has no levels");
    return;
  }
  if (layout_.value_bits != 0) return check_lists();
  if (layout_.length_bits != 32 && layout_.length_bits != 64) {
    page_.message.fail(fmt::format("a full-zip page's lengths have {} bits, expected 32 or 64",
                                   layout_.length_bits));
  }
}

void FullZipDecoder::check_lists() {
  std::uint64_t bits = fixed_bits(layout_.values);
  const bool is_list = layout_.values.kind == EncodingKind::fixed_size_list;
  if (layout_.values.kind != EncodingKind::flat && !is_list)
    layout_.values.unsupported("a full-zip page's values");
  const Compression* list = &layout_.values;
  while (is_list && list->child().kind == EncodingKind::fixed_size_list) {
    if (list->has_validity) layout_.values.unsupported("a full-zip page's values");
    list = &list->child();
  }
  if (list->has_validity) {
    lists_ = list;
    bits += (dimension(layout_.values) + 7) / 8 * 8;
  }
  const Compression& leaf = is_list ? list->child() : layout_.values;
  if (leaf.kind != EncodingKind::flat || leaf.bits % 8 != 0)
    layout_.values.unsupported("a full-zip page's values");
  if (layout_.value_bits != bits) {
    page_.message.fail(fmt::format("a full-zip page's values have {} bits, expected {}",
                                   layout_.value_bits, bits));
  }
}

bool FullZipDecoder::read_control_word() {
  if (control_bytes_ == 0) return true;
  std::uint32_t word = 0;
  if (control_bytes_ == 1) {
    word = reader_.u8("a control word");
  } else {
    word = control_bytes_ == 2 ? reader_.u16("a control word") : reader_.u32("a control word");
  }
  const auto def = static_cast<Level>(word & ((std::uint32_t{1} << layout_.def_bits) - 1));
  if (def > layers_.highest) {
    reader_.fail(
        fmt::format("a definition level is {}, expected at most {}", def, layers_.highest));
  }
  const std::uint32_t rep = word >> layout_.def_bits;
  if (rep > layers_.lists) {
    reader_.fail(fmt::format("a repetition level is {}, expected at most {}", rep, layers_.lists));
  }
  rep_.push_back(static_cast<Level>(rep));
  def_.push_back(def);
  if (rep_.size() == kMaxPendingLevels) flush_levels();
  if (!layers_.is_visible(def)) return false;
  ++result_.items;
  if (is_all_null()) {
    if (def == 0) reader_.fail("a full-zip page of nulls has a value");
    return false;
  }
  if (def == 0 || layout_.value_bits != 0) return true;
  result_.offsets.push_back(result_.data.size());
  return false;
}

void FullZipDecoder::flush_levels() {
  const std::span<const Level> none;
  rows_.add(layers_.has_lists() ? rep_ : none, def_, page_.message);
  rep_.clear();
  def_.clear();
}

void FullZipDecoder::read_fixed_value() {
  if (lists_ != nullptr) {
    const std::uint64_t values = result_.dimension;
    append_validity(reader_.take((values + 7) / 8, "a value's bitmap"), values,
                    result_.value_valid);
  }
  const auto bytes = reader_.take(result_.item_bits / 8, "a value").bytes();
  result_.data.insert(result_.data.end(), bytes.begin(), bytes.end());
}

void FullZipDecoder::read_variable_value() {
  const std::uint64_t size =
      layout_.length_bits == 64 ? reader_.u64("a value's length") : reader_.u32("a value's length");
  append_value(layout_.values, reader_.take(size, "a value"));
  page_.check_bytes(result_);
  result_.offsets.push_back(result_.data.size());
}

// Appends the decoded bytes of `value`.
void FullZipDecoder::append_value(const Compression& compression, const io::ByteView& value) {
  switch (compression.kind) {
    case EncodingKind::general:
      return append_value(compression.child(),
                          decompress(value, compression.scheme, page_.max_bytes));
    case EncodingKind::fsst:
      if (!symbols_) symbols_.emplace(compression.symbol_table);
      if (symbols_->compresses()) {
        if (compression.child().kind != EncodingKind::variable) compression.unsupported("values");
        return symbols_->append(value.bytes(), value, result_.data);
      }
      return append_value(compression.child(), value);
    case EncodingKind::variable: {
      const auto bytes = value.bytes();
      result_.data.insert(result_.data.end(), bytes.begin(), bytes.end());
      return;
    }
    default:
      compression.unsupported("a full-zip page's values");
  }
}

Array FullZipDecoder::decode() {
  check_layout();
  if (!is_all_null()) set_type(result_, layout_.value_bits == 0 ? 0 : fixed_bits(layout_.values));
  if (layout_.value_bits != 0) result_.dimension = dimension(layout_.values);
  while (reader_.remaining() > 0) {
    if (!layers_.has_lists() && result_.items == page_.rows)
      reader_.fail(fmt::format("a page continues after its {} rows", page_.rows));
    if (!read_control_word()) continue;
    if (control_bytes_ == 0) ++result_.items;
    page_.check_items(result_.items);
    if (layout_.value_bits != 0) {
      read_fixed_value();
    } else {
      read_variable_value();
    }
  }
  page_.check_items(result_.items);
  flush_levels();
  rows_.finish(result_, page_.message);
  return std::move(result_);
}

}  // namespace

Array decode_full_zip_page(const FullZipLayout& layout, const PageInput& page) {
  return FullZipDecoder(layout, page).decode();
}

}  // namespace lancekeep::lance
