// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/array_decoder.h"

#include "io/checked_math.h"
#include "lance/encoding/fixed_width.h"
#include "lance/encoding/general.h"
#include "lance/encoding/values.h"

#include <fmt/format.h>

#include <algorithm>

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
      decompress(page.buffer(encoding.buffer), encoding.scheme, most_fixed_bytes(flat, count));
  return decode_block(flat, buffer, count, page.max_bytes);
}

// All nulls take no byte of the file: their number is what the caller allows.
Array decode_all_null(const PageInput& page, std::uint64_t count) {
  page.check_items(count);
  Array array;
  array.items = count;
  array.rows = count;
  array.row_valid.assign(count, 0);
  return array;
}

Array decode_nullable(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count,
                      Meaning meaning) {
  switch (encoding.nulls) {
    case Nulls::none:
      return decode_array(encoding.child(), page, count, meaning);
    case Nulls::all:
      return decode_all_null(page, count);
    case Nulls::some: {
      const ArrayEncoding& validity = encoding.child(0);
      if (validity.kind != ArrayKind::flat || validity.bits != 1) validity.unsupported();
      Array array = decode_array(encoding.child(1), page, count, meaning);
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

// The items of a list lie one after another; a null item is a value that is not valid.
Array decode_lists(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count) {
  const auto all = io::checked_mul(count, encoding.dimension);
  if (!all || encoding.dimension == 0) {
    encoding.message.fail(
        fmt::format("{} fixed-size lists have {} items each", count, encoding.dimension));
  }
  PageInput items = page;  // nulls alone take no byte of the file
  items.max_items = std::min(
      io::checked_mul(page.max_items, encoding.dimension).value_or(page.max_bytes), page.max_bytes);
  Array array = decode_array(encoding.child(), items, *all, Meaning::values);
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

// Without a dictionary type in the schema index 0 is null, and the first item is 1.
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
                        Meaning meaning) {
  // Dictionaries of dictionaries could ask for more work than the file is worth.
  if (has_dictionary(encoding.child(0)) || has_dictionary(encoding.child(1)))
    encoding.unsupported();
  Array indices = decode_array(encoding.child(0), page, count, Meaning::values);
  Array items = decode_array(encoding.child(1), page, encoding.items, Meaning::values);
  if (!indices.has_type() || indices.item_bits == 0 || indices.item_bits > 64)
    encoding.unsupported();
  if (meaning != Meaning::dictionary) mark_null_indices(indices);
  if (!items.has_type() || items.items == 0) {  // no items, or nulls of no type
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

// Rows and offsets; the items come from another column.
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
    encoding.message.fail(fmt::format("a page's lists have {} items, but it says {}",
                                      array.list_offsets.back(), encoding.items));
  }
  return array;
}

}  // namespace

Array decode_array(const ArrayEncoding& encoding, const PageInput& page, std::uint64_t count,
                   Meaning meaning) {
  Array array;
  switch (encoding.kind) {
    case ArrayKind::flat:
      array = decode_flat(encoding, page, count);
      break;
    case ArrayKind::nullable:
      return decode_nullable(encoding, page, count, meaning);
    case ArrayKind::fixed_size_list:
      return decode_lists(encoding, page, count);
    case ArrayKind::list:
      return decode_list(encoding, page, count);
    case ArrayKind::binary:
    case ArrayKind::fsst:
      array = decode_texts(encoding, page, count);
      break;
    case ArrayKind::dictionary:
      return decode_dictionary(encoding, page, count, meaning);
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
