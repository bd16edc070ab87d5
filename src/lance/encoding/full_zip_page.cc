// SPDX-License-Identifier: Apache-2.0
// Full-zip pages of variable width: one row after another in buffer 0, each a control word (one
// byte, only where there are definition levels; 0: a value follows, else null and nothing follows),
// the length, the bytes. General compression and FSST stand around each value. Buffer 1, the
// offsets of rows, only random access needs.
#include "lance/encoding/fsst.h"
#include "lance/encoding/general.h"
#include "lance/encoding/levels.h"
#include "lance/encoding/page_decoder.h"
#include "lance/encoding/variable_width.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t max_control_bits = 8;

void check_layout(const FullZipLayout& layout, const Layers& layers, const PageInput& page) {
  page.check_items(page.rows);
  const auto unsupported = [&page](const std::string& what) {
    page.message.fail(ErrorCode::unsupported, what);
  };
  if (layers.is_list || layout.rep_bits != 0) unsupported("a full-zip page (layout 3) of lists");
  if (layout.length_bits == 0) unsupported("a full-zip page (layout 3) of fixed-width values");
  if (layout.length_bits != 32 && layout.length_bits != 64) {
    page.message.fail(fmt::format("a full-zip page's lengths have {} bits, expected 32 or 64",
                                  layout.length_bits));
  }
  if (layout.def_bits > max_control_bits) {
    unsupported(fmt::format("a full-zip page (layout 3) with definition levels of {} bits",
                            layout.def_bits));
  }
}

/// The bytes that `value` stands for.
void append_value(const Compression& compression, const io::ByteView& value, Array& page) {
  switch (compression.kind) {
    case EncodingKind::general:
      return append_value(compression.child(), decompress(value, compression.scheme), page);
    case EncodingKind::fsst:
      if (const SymbolTable symbols(compression.symbol_table); symbols.compresses()) {
        if (compression.child().kind != EncodingKind::variable) compression.unsupported("values");
        return symbols.append(value.bytes(), value, page.data);
      }
      return append_value(compression.child(), value, page);
    case EncodingKind::variable: {
      const auto bytes = value.bytes();
      page.data.insert(page.data.end(), bytes.begin(), bytes.end());
      return;
    }
    default:
      compression.unsupported("a full-zip page's values");
  }
}

}  // namespace

Array decode_full_zip_page(const FullZipLayout& layout, const PageInput& page) {
  const Layers layers = decode_layers(layout.layers, page.message);
  check_layout(layout, layers, page);
  RowBuilder rows(layers, page.rows);
  Array result;
  set_type(result, 0);
  io::ByteReader reader(page.buffer(0));
  while (reader.remaining() > 0) {
    if (result.items == page.rows)
      reader.fail(fmt::format("a page of {} rows goes on after them", page.rows));
    const Level level = layout.def_bits == 0 ? Level{0} : reader.u8("a control word");
    if (layers.null_item != 0) rows.add({}, {&level, 1}, page.message);
    if (level == 0) {
      const std::uint64_t size = layout.length_bits == 64 ? reader.u64("a value's length")
                                                          : reader.u32("a value's length");
      append_value(layout.values, reader.take(size, "a value"), result);
    } else if (layers.null_item == 0) {
      reader.fail("a page without nulls has a null");
    }
    page.check_bytes(result);
    result.offsets.push_back(result.data.size());
    ++result.items;
  }
  rows.finish(result, page.message);
  return result;
}

}  // namespace lancekeep::lance
