// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/array_decoder.h"

#include "io/checked_math.h"
#include "lance/encoding/codecs.h"
#include "lance/encoding/fixed_width.h"
#include "lance/encoding/v2_0/array_encoding.h"
#include "lance/encoding/value_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace lancekeep::lance::v2_0 {
namespace {

std::uint64_t checked_bits(const ArrayEncoding& encoding, std::uint64_t bits, std::uint64_t times) {
  const auto product = io::checked_mul(bits, times);
  if (product && *product > 0 && *product % 8 == 0 && *product <= kMaxItemBits) return *product;
  encoding.message.fail(
      ErrorCode::unsupported,
      fmt::format("values of {} times {} bits; this build reads whole bytes up to {} bits", times,
                  bits, kMaxItemBits));
}

Array decode_flat(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count) {
  Compression flat;
  flat.kind = EncodingKind::flat;
  flat.bits = encoding.bits;
  flat.message = encoding.message;
  const io::ByteView buffer =
      decompress(page.buffer(encoding.buffer), encoding.scheme, max_encoded_bytes(flat, count));
  return decode_block(flat, buffer, count, page.max_bytes);
}

// Nulls take no bytes in the file, so their number is checked against the limit.
Array decode_all_null(const PageInput& page, std::uint64_t count) {
  page.check_items(count);
  Array array;
  array.items = count;
  array.rows = count;
  array.row_valid.assign(count, 0);
  return array;
}

Array decode_nullable(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count,
                      ValueKind kind) {
  switch (encoding.nulls) {
    case Nulls::none:
      return decode_array(encoding.child(), page, count, kind);
    case Nulls::all:
      return decode_all_null(page, count);
    case Nulls::some: {
      const ArrayEncoding& validity = encoding.child(0);
      if (validity.kind != ArrayKind::flat || validity.bits != 1) validity.unsupported();
      Array array = decode_array(encoding.child(1), page, count, kind);
      if (!array.row_valid.empty()) encoding.unsupported();
      const io::ByteView bits =
          decompress(page.buffer(validity.buffer), validity.scheme, count / 8 + 64);
      append_validity(bits, count, array.row_valid);
      return array;
    }
    default:
      encoding.unsupported();
  }
}

// The items of a fixed-size list are consecutive; a null item is a value that is not valid.
Array decode_lists(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count) {
  const auto all = io::checked_mul(count, encoding.dimension);
  if (!all || encoding.dimension == 0) {
    encoding.message.fail(
        fmt::format("{} fixed-size lists have {} items each", count, encoding.dimension));
  }
  PageInput items = page;  // nulls take no bytes in the file
  items.max_items = std::min(
      io::checked_mul(page.max_items, encoding.dimension).value_or(page.max_bytes), page.max_bytes);
  Array array = decode_array(encoding.child(), items, *all, ValueKind::plain);
  const bool is_nested = array.dimension > 1;
  if (array.has_type() && array.item_bits == 0) encoding.unsupported();
  if (!array.row_valid.empty()) {
    if (is_nested) encoding.unsupported();
    array.value_valid = std::move(array.row_valid);
    array.row_valid.clear();
  }
  array.item_bits = static_cast<std::uint32_t>(
      array.has_type() ? checked_bits(encoding, array.item_bits, encoding.dimension) : 0);
  const auto dimension = io::checked_mul(array.dimension, encoding.dimension);
  if (!dimension) encoding.unsupported();
  array.dimension = *dimension;
  array.items = count;
  array.rows = count;
  return array;
}

std::uint64_t field_bits(const ArrayEncoding& field) {
  switch (field.kind) {
    case ArrayKind::nullable:
      if (field.nulls != Nulls::none) field.unsupported();
      return field_bits(field.child());
    case ArrayKind::fixed_size_list:
      return checked_bits(field, field_bits(field.child()), field.dimension);
    case ArrayKind::flat:
      return checked_bits(field, field.bits, 1);
    default:
      field.unsupported();
  }
}

Array decode_packed_struct(const ArrayEncoding& encoding, const PageInput& page,
                           std::uint64_t count) {
  std::uint64_t bits = 0;
  for (const ArrayEncoding& field : encoding.children) {
    bits = checked_bits(encoding, bits + field_bits(field), 1);
  }
  ArrayEncoding flat = encoding;
  flat.bits = checked_bits(encoding, bits, 1);
  return decode_flat(flat, page, count);
}

// Unless the schema has a dictionary type, index 0 is null and index 1 is the first entry.
void mark_null_indices(Array& indices) {
  const std::size_t width = indices.item_bits / 8;
  indices.row_valid.resize(indices.items, 1);
  for (std::uint64_t i = 0; i < indices.items; ++i) {
    std::uint64_t index = 0;
    std::memcpy(&index, indices.data.data() + i * width, width);
    if (index == 0) indices.row_valid[i] = 0;
    index -= index == 0 ? 0 : 1;
    std::memcpy(indices.data.data() + i * width, &index, width);
  }
}

bool has_dictionary(const ArrayEncoding& encoding) {
  return encoding.kind == ArrayKind::dictionary ||
         std::any_of(encoding.children.begin(), encoding.children.end(), has_dictionary);
}

Array decode_dictionary(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count,
                        ValueKind kind) {
  // Dictionaries of dictionaries could cost more than the size of the file justifies.
  if (has_dictionary(encoding.child(0)) || has_dictionary(encoding.child(1)))
    encoding.unsupported();
  Array indices = decode_array(encoding.child(0), page, count, ValueKind::plain);
  Array items = decode_array(encoding.child(1), page, encoding.items, ValueKind::plain);
  if (!indices.has_type() || indices.item_bits == 0 || indices.item_bits > 64)
    encoding.unsupported();
  if (kind != ValueKind::dictionary) mark_null_indices(indices);
  if (!items.has_type() || items.items == 0) {  // no entries, or only nulls
    Array nulls = decode_all_null(page, count);
    return nulls;
  }
  Array result;
  set_type(result, items.item_bits);
  result.dimension = items.dimension;
  append_dictionary_values(items, page.message, indices.item_bits, indices.data, page.max_bytes,
                           result);
  result.rows = count;
  result.row_valid = std::move(indices.row_valid);
  if (items.row_valid.empty()) return result;
  result.row_valid.resize(count, 1);
  const std::size_t width = indices.item_bits / 8;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t index = 0;
    std::memcpy(&index, indices.data.data() + i * width, width);
    if (items.row_valid[index] == 0) result.row_valid[i] = 0;
  }
  return result;
}

constexpr std::uint64_t kOffsetBits = 64;

const ArrayEncoding& without_null_layer(const ArrayEncoding& encoding) {
  if (encoding.kind != ArrayKind::nullable) return encoding;
  if (encoding.nulls != Nulls::none) encoding.unsupported();
  return encoding.child();
}

const ArrayEncoding& flat_of(const ArrayEncoding& encoding, std::uint64_t bits) {
  const ArrayEncoding& flat = without_null_layer(encoding);
  if (flat.kind != ArrayKind::flat || flat.bits != bits) flat.unsupported();
  return flat;
}

// End offsets of `count` entries.
struct EndOffsets {
  std::vector<std::uint64_t> ends;  // ascending; the adjustment that marks a null is removed
  std::vector<std::uint8_t> valid;  // empty: all are valid
};

EndOffsets decode_offsets(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count,
                          std::uint64_t adjustment, std::uint64_t end) {
  const Array raw = decode_array(flat_of(encoding, kOffsetBits), page, count, ValueKind::plain);
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

// Strings: the end offset of each, and one buffer of all bytes, which may be compressed as a whole.
// A null is marked by `adjustment`, which is added to its end offset. With FSST the bytes are
// codes.
Array decode_strings(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count) {
  std::optional<SymbolTable> symbols;
  const ArrayEncoding* binary = &encoding;
  if (encoding.kind == ArrayKind::fsst) {
    symbols.emplace(encoding.symbol_table);
    binary = &without_null_layer(encoding.child());
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

// Decodes only rows and offsets: the items are another column.
Array decode_list(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count) {
  page.check_items(encoding.items);
  EndOffsets offsets =
      decode_offsets(encoding.child(), page, count, encoding.adjustment, encoding.items);
  Array array;
  array.is_list = true;
  array.rows = count;
  array.row_valid = std::move(offsets.valid);
  array.list_offsets.reserve(count + 1);
  array.list_offsets.push_back(0);
  array.list_offsets.insert(array.list_offsets.end(), offsets.ends.begin(), offsets.ends.end());
  for (std::uint64_t row = 0; row < count; ++row) {
    if (array.is_null(row) && array.list_offsets[row] != array.list_offsets[row + 1])
      encoding.message.fail("a null list has items");
  }
  if (array.list_offsets.back() != encoding.items) {
    encoding.message.fail(fmt::format("a page's lists have {} items, but the page declares {}",
                                      array.list_offsets.back(), encoding.items));
  }
  return array;
}

}  // namespace

Array decode_array(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count,
                   ValueKind kind) {
  Array array;
  switch (encoding.kind) {
    case ArrayKind::flat:
      array = decode_flat(encoding, page, count);
      break;
    case ArrayKind::nullable:
      return decode_nullable(encoding, page, count, kind);
    case ArrayKind::fixed_size_list:
      return decode_lists(encoding, page, count);
    case ArrayKind::list:
      return decode_list(encoding, page, count);
    case ArrayKind::binary:
    case ArrayKind::fsst:
      array = decode_strings(encoding, page, count);
      break;
    case ArrayKind::dictionary:
      return decode_dictionary(encoding, page, count, kind);
    case ArrayKind::packed_struct:
      array = decode_packed_struct(encoding, page, count);
      break;
    default:
      encoding.unsupported();
  }
  array.rows = count;
  return array;
}

}  // namespace lancekeep::lance::v2_0
