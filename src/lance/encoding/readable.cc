// SPDX-License-Identifier: Apache-2.0
// Says beforehand what the decoders of pages would say; tests/lance/test_matrix.py holds one
// against the other.
#include "lance/encoding/readable.h"

#include "lance/encoding/levels.h"
#include "lance/encoding/page_decoder.h"
#include "lance/encoding/values.h"
#include "lance/encoding/variable_width.h"

namespace lancekeep::lance {
namespace {

constexpr std::string_view kWhatValues = "a page's values";

void require_flat(const Compression& compression, const Compression& within) {
  if (compression.kind != EncodingKind::flat) within.unsupported(kWhatValues);
  (void)fixed_bits(compression);
}

// Down to what is inside fixed-size lists; only the innermost may have a bitmap.
const Compression& within_lists(const Compression& compression) {
  const Compression* inner = &compression;
  while (inner->kind == EncodingKind::fixed_size_list) {
    const Compression& child = inner->child();
    if (inner->has_validity && child.kind == EncodingKind::fixed_size_list)
      compression.unsupported(kWhatValues);
    inner = &child;
  }
  return *inner;
}

// Values of a chunk, of a dictionary, or of a full-zip page that have no fixed width.
void require_values(const Compression& compression) {
  switch (compression.kind) {
    case EncodingKind::general:
      return require_values(compression.child());
    case EncodingKind::variable:
      (void)offset_bits(compression);
      return;
    case EncodingKind::fsst:
      if (compression.child().kind != EncodingKind::variable) compression.unsupported(kWhatValues);
      return require_values(compression.child());
    case EncodingKind::fixed_size_list:
      (void)fixed_bits(compression);
      return require_values(within_lists(compression));
    case EncodingKind::run_length:
      require_flat(compression.child(0), compression);
      return require_flat(compression.child(1), compression);
    case EncodingKind::byte_stream_split:
    case EncodingKind::out_of_line_bitpacking:
      return require_flat(compression.child(), compression);
    case EncodingKind::packed_struct:
      (void)fixed_bits(compression);
      return require_values(compression.child());
    case EncodingKind::flat:
    case EncodingKind::inline_bitpacking:
      (void)fixed_bits(compression);
      return;
    default:
      compression.unsupported(kWhatValues);
  }
}

struct RequireReadable {
  const io::ByteView& message;

  void operator()(const MiniBlockLayout& layout) const {
    (void)decode_layers(layout.layers, message);
    if (layout.values.kind == EncodingKind::out_of_line_bitpacking)
      layout.values.unsupported("a chunk's values");
    require_values(layout.values);
    if (layout.dictionary) require_values(*layout.dictionary);
  }
  void operator()(const ConstantLayout& layout) const {
    (void)decode_layers(layout.layers, message);
  }
  void operator()(const FullZipLayout& layout) const {
    (void)decode_layers(layout.layers, message);
    const bool is_all_null = layout.values.kind == EncodingKind::constant && layout.value_bits == 0;
    if (is_all_null) return;
    if (layout.value_bits == 0) return require_values(layout.values);
    require_flat(within_lists(layout.values), layout.values);
  }
  void operator()(const BlobLayout& layout) const {
    if (decode_layers(layout.layers, message).has_lists())
      message.fail(ErrorCode::unsupported, "a blob page (layout 4) of lists");
    std::visit(RequireReadable{layout.inner->message}, layout.inner->layout);
  }
};

}  // namespace

void require_readable(const Page& page) {
  const PageLayout layout = layout_of(page);
  std::visit(RequireReadable{layout.message}, layout.layout);
}

std::string encoding_words(const Page& page) {
  try {
    return to_string(layout_of(page));
  } catch (const Error&) {
    return "?";
  }
}

}  // namespace lancekeep::lance
