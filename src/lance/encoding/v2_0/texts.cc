// SPDX-License-Identifier: Apache-2.0
// Texts of format 2.0: the end offset of each, and all bytes in one buffer, which may be compressed
// as a whole. A null has `adjustment` on top of its end offset. With FSST, bytes are codes.
#include "lance/encoding/fsst.h"
#include "lance/encoding/general.h"
#include "lance/encoding/v2_0/array_decoder.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>

namespace lancekeep::lance::v2_0 {
namespace {

constexpr std::uint64_t kOffsetBits = 64;

const ArrayEncoding& required_not_null(const ArrayEncoding& encoding) {
  if (encoding.kind != ArrayKind::nullable) return encoding;
  if (encoding.nulls != Nulls::none) encoding.unsupported();
  return encoding.child();
}

const ArrayEncoding& flat_of(const ArrayEncoding& encoding, std::uint64_t bits) {
  const ArrayEncoding& flat = required_not_null(encoding);
  if (flat.kind != ArrayKind::flat || flat.bits != bits) flat.unsupported();
  return flat;
}

void append_codes(const SymbolTable& symbols, const io::ByteView& bytes, const EndOffsets& offsets,
                  const PageInput& page, Array& array) {
  std::uint64_t start = 0;
  for (const std::uint64_t end : offsets.ends) {
    symbols.append(bytes.bytes().subspan(start, end - start), bytes, array.data);
    array.offsets.push_back(array.data.size());
    page.check_bytes(array);
    start = end;
  }
}

}  // namespace

EndOffsets decode_offsets(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count,
                          std::uint64_t adjustment, std::uint64_t end) {
  const Array raw = decode_array(flat_of(encoding, kOffsetBits), page, count, Meaning::values);
  EndOffsets offsets;
  offsets.ends.resize(count);
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto offset = raw.value<std::uint64_t>(i);
    if (adjustment != 0 && offset >= adjustment) {
      offset -= adjustment;
      if (offsets.valid.empty()) offsets.valid.assign(count, 1);
      offsets.valid[i] = 0;
    }
    if (offset < before || offset > end) {
      encoding.message.fail(
          fmt::format("offset {} of a page is {}, expected {} to {}", i, offset, before, end));
    }
    offsets.ends[i] = before = offset;
  }
  return offsets;
}

Array decode_texts(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count) {
  std::optional<SymbolTable> symbols;
  const ArrayEncoding* binary = &encoding;
  if (encoding.kind == ArrayKind::fsst) {
    symbols.emplace(encoding.symbol_table);
    binary = &required_not_null(encoding.child());
    if (binary->kind != ArrayKind::binary) encoding.unsupported();
  }
  const ArrayEncoding& flat = flat_of(binary->child(1), 8);
  const io::ByteView bytes = decompress(page.buffer(flat.buffer), flat.scheme, page.max_bytes);
  EndOffsets offsets =
      decode_offsets(binary->child(0), page, count, binary->adjustment, bytes.size());
  Array array;
  set_type(array, 0);
  if (symbols && symbols->compresses()) {
    append_codes(*symbols, bytes, offsets, page, array);
  } else {
    const auto used = bytes.bytes().first(count == 0 ? 0 : offsets.ends.back());
    array.data.assign(used.begin(), used.end());
    array.offsets.insert(array.offsets.end(), offsets.ends.begin(), offsets.ends.end());
  }
  array.items = count;
  array.row_valid = std::move(offsets.valid);
  page.check_bytes(array);
  return array;
}

}  // namespace lancekeep::lance::v2_0
