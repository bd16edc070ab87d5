// SPDX-License-Identifier: Apache-2.0
// For tests: builds pages of format 2.0 by hand.
#pragma once

#include "lance/encoding/encoding_testing.h"
#include "lance/encoding/v2_0/array_page.h"

namespace lancekeep::lance::v2_0 {

// ArrayEncoding messages.
inline std::string flat(std::uint64_t bits, std::uint64_t buffer, const std::string& scheme = "") {
  std::string body = varint(1, bits) + message(2, varint(1, buffer));
  if (!scheme.empty()) body += message(3, message(1, scheme));
  return message(1, body);
}
inline std::string no_nulls(const std::string& values) {
  return message(2, message(1, message(1, values)));
}
inline std::string some_nulls(const std::string& validity, const std::string& values) {
  return message(2, message(2, message(1, validity) + message(2, values)));
}
inline std::string all_nulls() { return message(2, message(3, "")); }
inline std::string fixed_lists(std::uint64_t dimension, const std::string& items) {
  return message(3, varint(1, dimension) + message(2, items));
}
inline std::string list(const std::string& offsets, std::uint64_t adjustment, std::uint64_t items) {
  return message(4, message(1, offsets) + varint(2, adjustment) + varint(3, items));
}
inline std::string binary(const std::string& offsets, const std::string& bytes,
                          std::uint64_t adjustment) {
  return message(6, message(1, offsets) + message(2, bytes) + varint(3, adjustment));
}
inline std::string dictionary(const std::string& indices, const std::string& items,
                              std::uint64_t count) {
  return message(7, message(1, indices) + message(2, items) + varint(3, count));
}
inline std::string fsst_of(const std::string& texts, const std::string& table) {
  return message(8, message(1, texts) + message(2, table));
}

/// A page, and a file that contains its buffers.
struct TestArrayPage {
  std::string encoding;
  std::vector<std::string> buffers;
  std::uint64_t rows = 0;
  ValueKind kind = ValueKind::plain;

  [[nodiscard]] std::string file() const {
    std::string bytes;
    for (const std::string& buffer : buffers) bytes += buffer;
    return bytes;
  }
  [[nodiscard]] Page page() const {
    Page result;
    std::uint64_t at = 0;
    for (const std::string& buffer : buffers) {
      result.buffers.push_back({at, buffer.size()});
      at += buffer.size();
    }
    result.rows = rows;
    result.type_url = "/lance.encodings.ArrayEncoding";
    result.encoding = view(encoding);
    return result;
  }
  [[nodiscard]] Array decode(std::uint64_t max_items = 1 << 20) const {
    Array array;
    decode_page(view(file()), page(), kind, max_items, array);
    return array;
  }
};

}  // namespace lancekeep::lance::v2_0
