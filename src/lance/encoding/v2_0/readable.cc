// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/readable.h"

namespace lancekeep::lance::v2_0 {
namespace {

const ArrayEncoding& without_nulls(const ArrayEncoding& encoding) {
  const bool is_plain = encoding.kind == ArrayKind::nullable && encoding.nulls == Nulls::none;
  return is_plain ? encoding.child() : encoding;
}

void require_flat(const ArrayEncoding& encoding) {
  const bool is_flat = encoding.kind == ArrayKind::flat;
  const bool is_whole = encoding.bits == 1 || (encoding.bits != 0 && encoding.bits % 8 == 0);
  if (!is_flat || !is_whole) encoding.unsupported();
}

void require_packed(const ArrayEncoding& field) {
  const ArrayEncoding& values = without_nulls(field);
  if (values.kind == ArrayKind::fixed_size_list) return require_packed(values.child());
  require_flat(values);
}

void require_texts(const ArrayEncoding& encoding) {
  if (encoding.kind != ArrayKind::binary) encoding.unsupported();
  require_flat(without_nulls(encoding.child(0)));
  require_flat(without_nulls(encoding.child(1)));
}

void require_values(const ArrayEncoding& encoding);

void require_lists(const ArrayEncoding& lists) {
  const ArrayEncoding& items = lists.child();
  require_values(items);
  const ArrayEncoding* values = &items;
  if (items.kind == ArrayKind::nullable && items.nulls == Nulls::some) values = &items.child(1);
  values = &without_nulls(*values);
  const bool has_nulls = items.kind == ArrayKind::nullable && items.nulls == Nulls::some;
  const bool is_nested = values->kind == ArrayKind::fixed_size_list;
  const bool is_text = values->kind == ArrayKind::binary || values->kind == ArrayKind::fsst;
  if (is_text || (is_nested && has_nulls)) lists.unsupported();
}

void require_values(const ArrayEncoding& encoding) {
  switch (encoding.kind) {
    case ArrayKind::flat:
      return require_flat(encoding);
    case ArrayKind::nullable:
      if (encoding.nulls == Nulls::all) return;
      if (encoding.nulls != Nulls::some) return require_values(encoding.child());
      if (without_nulls(encoding.child(1)).kind == ArrayKind::nullable) encoding.unsupported();
      require_flat(encoding.child(0));
      return require_values(encoding.child(1));
    case ArrayKind::fixed_size_list:
      return require_lists(encoding);
    case ArrayKind::list:
      return require_flat(without_nulls(encoding.child()));
    case ArrayKind::structure:
      return;
    case ArrayKind::binary:
      return require_texts(encoding);
    case ArrayKind::fsst:
      return require_texts(without_nulls(encoding.child()));
    case ArrayKind::dictionary:
      require_values(encoding.child(0));
      return require_values(encoding.child(1));
    case ArrayKind::packed_struct:
      for (const ArrayEncoding& field : encoding.children) require_packed(field);
      return;
    default:
      encoding.unsupported();
  }
}

}  // namespace

void require_readable(const Page& page) { require_values(decode_page_encoding(page)); }

std::string encoding_words(const Page& page) {
  try {
    return to_string(decode_page_encoding(page));
  } catch (const Error&) {
    return "?";
  }
}

}  // namespace lancekeep::lance::v2_0
