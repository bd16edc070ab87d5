// SPDX-License-Identifier: Apache-2.0
// For tests: builds encodings, layouts and pages by hand.
#pragma once

#include "io/byte_view.h"
#include "lance/encoding/compression.h"
#include "lance/encoding/page_decoder.h"
#include "lance/proto/proto_testing.h"

#include <initializer_list>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// Numbers as they are in a file.
template <typename T>
std::string raw(std::initializer_list<T> numbers) {
  std::string bytes;
  for (const T number : numbers) bytes.append(reinterpret_cast<const char*>(&number), sizeof(T));
  return bytes;
}
template <typename T>
std::string raw(const std::vector<T>& numbers) {
  std::string bytes;
  for (const T number : numbers) bytes.append(reinterpret_cast<const char*>(&number), sizeof(T));
  return bytes;
}

template <typename T>
std::vector<T> numbers(const std::vector<std::byte>& bytes) {
  std::vector<T> result(bytes.size() / sizeof(T));
  if (!result.empty()) std::memcpy(result.data(), bytes.data(), result.size() * sizeof(T));
  return result;
}

inline std::string padded(std::string bytes, std::size_t alignment) {
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment, '\xfe');
  return bytes;
}

/// A message with one varint field per (number, value).
inline std::string varints(std::initializer_list<std::pair<std::uint32_t, std::uint64_t>> fields) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  for (const auto& [number, value] : fields) writer.add_uint64(number, value);
  return bytes;
}
/// One length-delimited field.
inline std::string message(std::uint32_t number, const std::string& content) {
  std::string bytes;
  protozero::pbf_writer(bytes).add_bytes(number, content);
  return bytes;
}
inline std::string varint(std::uint32_t number, std::uint64_t value) {
  return varints({{number, value}});
}

// CompressiveEncoding messages.
inline std::string flat(std::uint64_t bits) { return message(1, varint(1, bits)); }
inline std::string variable(std::uint64_t offset_bits) {
  return message(2, message(1, flat(offset_bits)));
}
inline std::string out_of_line(std::uint64_t bits, std::uint64_t packed_bits) {
  return message(4, varint(1, bits) + message(3, flat(packed_bits)));
}
inline std::string inline_packed(std::uint64_t bits) { return message(5, varint(1, bits)); }
inline std::string fsst(const std::string& table, const std::string& values) {
  return message(6, message(1, table) + message(2, values));
}
inline std::string run_length(std::uint64_t bits) {
  return message(8, message(1, flat(bits)) + message(2, flat(8)));
}
inline std::string byte_stream_split(std::uint64_t bits) {
  return message(9, message(1, flat(bits)));
}
inline std::string general(std::uint64_t scheme, const std::string& values) {
  return message(10, message(1, varint(1, scheme)) + message(3, values));
}
inline std::string fixed_size_list(std::uint64_t dimension, const std::string& values,
                                   bool has_validity = false) {
  return message(11, varint(1, dimension) + message(2, values) + varint(3, has_validity ? 1 : 0));
}
inline std::string packed_struct(std::initializer_list<std::uint64_t> fields, std::uint64_t bits) {
  std::string body;
  for (const std::uint64_t field : fields) body += varint(1, field);
  return message(12, body + message(2, flat(bits)));
}

inline Compression compression(const std::string& encoded) {
  return decode_compression(view(encoded));
}

inline std::string layers(std::uint32_t number, std::initializer_list<std::uint64_t> codes) {
  std::string bytes;
  for (const std::uint64_t code : codes) bytes += varint(number, code);
  return bytes;
}

/// Raw repetition or definition levels.
inline std::string levels(std::initializer_list<std::uint16_t> numbers) {
  return raw<std::uint16_t>(numbers);
}

/// An FSST symbol table, as in a page's metadata.
inline std::string symbol_table(std::initializer_list<std::string> symbols,
                                bool compressed = true) {
  std::string bytes = raw<std::uint64_t>(
      {std::uint64_t{0x46535354} << 32 | std::uint64_t{compressed} << 24 | symbols.size()});
  std::string lengths;
  for (const std::string& symbol : symbols) {
    std::string cell = symbol;
    cell.resize(8, '\0');
    bytes += cell;
    lengths += static_cast<char>(symbol.size());
  }
  return bytes + lengths;
}

/// A page, and a file that contains its buffers, each at a multiple of 64.
struct TestPage {
  std::string layout;  ///< a PageLayout message
  std::vector<std::string> buffers;
  std::uint64_t rows = 0;

  [[nodiscard]] Array decode(std::uint64_t max_items = 1 << 20) const {
    Array array;
    append_to(array, max_items);
    return array;
  }
  void append_to(Array& array, std::uint64_t max_items = 1 << 20) const {
    Page page;
    std::string file;
    for (const std::string& buffer : buffers) {
      file = padded(std::move(file), 64);
      page.buffers.push_back({file.size(), buffer.size()});
      file += buffer;
    }
    page.rows = rows;
    page.type_url = "/lance.encodings21.PageLayout";
    page.encoding = view(layout);
    decode_page(view(file), page, max_items, array);
  }
};

template <typename Action>
void expect_corrupt(const std::string& part, Action&& action) {
  expect_error(ErrorCode::corrupt, part, std::forward<Action>(action));
}
template <typename Action>
void expect_unsupported(const std::string& part, Action&& action) {
  expect_error(ErrorCode::unsupported, part, std::forward<Action>(action));
}

/// Whether the page decodes. Exceptions other than Error pass through.
inline bool decodes(const TestPage& page) {
  try {
    (void)page.decode(1000);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Truncates buffer `index` to each length below `needed`: decoding must reject all these pages.
inline void expect_rejected_when_cut(const TestPage& page, std::size_t index, std::size_t needed) {
  for (std::size_t length = 0; length < needed; ++length) {
    TestPage cut = page;
    cut.buffers.at(index).resize(length);
    EXPECT_FALSE(decodes(cut)) << "buffer " << index << " cut at " << length;
  }
}

/// Flips every bit of the layout and of the buffers, and truncates the layout to every length. Each
/// damaged page must be either rejected or decoded. Returns how many were rejected.
inline int rejected_when_damaged(const TestPage& page) {
  int rejected = 0;
  const auto flip_all = [&](auto&& bytes_of) {
    TestPage damaged = page;
    std::string& bytes = bytes_of(damaged);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      const char mask = static_cast<char>(1 << (bit % 8));
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
      rejected += decodes(damaged) ? 0 : 1;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    }
  };
  flip_all([](TestPage& damaged) -> std::string& { return damaged.layout; });
  for (std::size_t i = 0; i < page.buffers.size(); ++i) {
    flip_all([i](TestPage& damaged) -> std::string& { return damaged.buffers[i]; });
  }
  for (std::size_t length = 0; length < page.layout.size(); ++length) {
    TestPage cut = page;
    cut.layout.resize(length);
    rejected += decodes(cut) ? 0 : 1;
  }
  return rejected;
}

}  // namespace lancekeep::lance
