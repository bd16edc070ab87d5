// SPDX-License-Identifier: Apache-2.0
// How a page says that its values are compressed: a tree of encodings (Lance's
// CompressiveEncoding). Plain values; the tree refers to the bytes it was read from and keeps them
// alive.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// Field numbers of CompressiveEncoding; they are on disk and never change.
enum class EncodingKind : std::uint32_t {
  flat = 1,
  variable = 2,
  constant = 3,
  out_of_line_bitpacking = 4,
  inline_bitpacking = 5,
  fsst = 6,
  dictionary = 7,
  run_length = 8,
  byte_stream_split = 9,
  general = 10,
  fixed_size_list = 11,
  packed_struct = 12,
  variable_packed_struct = 13,
};

enum class GeneralScheme : std::uint32_t { none = 0, lz4 = 1, zstd = 2 };

struct Compression {
  EncodingKind kind{};                ///< may be a number that has no name here
  std::uint64_t bits = 0;             ///< flat: of a value; bit-packing: of an unpacked value
  std::uint64_t dimension = 0;        ///< fixed size list: its items
  bool has_validity = false;          ///< fixed size list: a bitmap says which items are there
  GeneralScheme scheme{};             ///< general only
  std::vector<std::uint64_t> fields;  ///< packed struct: bits of each field
  io::ByteView symbol_table;          ///< fsst only
  /// What is compressed further: the values (of variable: the offsets); for run-length also the
  /// lengths.
  std::vector<Compression> children;
  io::ByteView message;  ///< where it stands, for errors

  /// The only child, or child `index`; throws corrupt where the file left it out.
  [[nodiscard]] const Compression& child(std::size_t index = 0) const;
  /// Says that this build cannot read the encoding as `where` ("a chunk's values", "levels" …).
  [[noreturn]] void unsupported(std::string_view where) const;
};

/// @throws Error corrupt; unsupported for trees deeper than any that a writer makes.
[[nodiscard]] Compression decode_compression(const io::ByteView& message);

/// E.g. "fsst(variable(flat 32))".
[[nodiscard]] std::string to_string(const Compression& compression);

/// The bits of one decoded fixed-width item: a multiple of 8, at most 2^30. A value of one bit
/// takes a byte, a fixed size list all its values. Throws unsupported otherwise.
[[nodiscard]] std::uint32_t fixed_bits(const Compression& compression);

/// How many values an item is: more than 1 for fixed size lists only.
[[nodiscard]] std::uint64_t dimension(const Compression& compression);

}  // namespace lancekeep::lance
