// SPDX-License-Identifier: Apache-2.0
// The CompressiveEncoding message: how the values of a page are compressed, as a tree of encodings.
// Decoded into plain values for any encoding; encoded for those that Lancekeep writes. A tree keeps
// the bytes that it was decoded from alive.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <string>
#include <string_view>
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
  EncodingKind kind{};                ///< can be a number without a name here
  std::uint64_t bits = 0;             ///< flat: of a value; bit-packing: of an unpacked value
  std::uint64_t dimension = 0;        ///< fixed-size list: items per list
  bool has_validity = false;          ///< fixed-size list: a bitmap of its items comes first
  GeneralScheme scheme{};             ///< general only
  std::vector<std::uint64_t> fields;  ///< packed struct: bits of each field
  io::ByteView symbol_table;          ///< fsst only
  /// The encodings of the values (of the offsets, for variable); for run-length also of the
  /// lengths.
  std::vector<Compression> children;
  io::ByteView message;  ///< the encoded node, for errors

  /// Child `index`; throws corrupt if the file lacks it.
  [[nodiscard]] const Compression& child(std::size_t index = 0) const;
  /// Throws unsupported for this encoding of `what` ("a chunk's values", "levels" …).
  [[noreturn]] void unsupported(std::string_view what) const;
};

/// @throws Error corrupt; unsupported for trees deeper than any that a writer makes.
[[nodiscard]] Compression decode_compression(const io::ByteView& message);

/// E.g. "fsst(variable(flat 32))".
[[nodiscard]] std::string to_string(const Compression& compression);

/// The bits of one decoded fixed-width item: a multiple of 8, at most 2^30. A boolean takes a byte;
/// a fixed-size list takes the bits of all its values. Throws unsupported for other encodings.
[[nodiscard]] std::uint32_t fixed_bits(const Compression& compression);

/// The number of values in an item, which is more than 1 only for fixed-size lists.
[[nodiscard]] std::uint64_t dimension(const Compression& compression);

// CompressiveEncoding messages.
[[nodiscard]] std::string encode_flat(std::uint32_t bits);
[[nodiscard]] std::string encode_variable(std::uint32_t offset_bits);
/// Out-of-line bit-packing: values of `bits`, packed to `packed_bits`.
[[nodiscard]] std::string encode_bitpacked(std::uint32_t bits, std::uint32_t packed_bits);
/// A packed struct of two u64: a blob descriptor.
[[nodiscard]] std::string encode_u64_pair();

}  // namespace lancekeep::lance
