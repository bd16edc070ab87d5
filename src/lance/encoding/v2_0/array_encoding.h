// SPDX-License-Identifier: Apache-2.0
// The ArrayEncoding message: how a page of format 2.0 is encoded, as a tree. Leaves are buffers;
// the nodes above them are nulls, lists and strings. Plain values; a tree keeps the bytes that it
// was decoded from alive.
#pragma once

#include "lance/encoding/compression.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance::v2_0 {

/// Field numbers of ArrayEncoding; they are on disk and never change.
enum class ArrayKind : std::uint32_t {
  flat = 1,
  nullable = 2,
  fixed_size_list = 3,
  list = 4,
  structure = 5,
  binary = 6,
  dictionary = 7,
  fsst = 8,
  packed_struct = 9,
  bitpacked = 10,
  fixed_size_binary = 11,
  bitpacked_for_non_negative = 12,
  constant = 13,
};

/// Field numbers of Nullable; they are on disk and never change.
enum class Nulls : std::uint32_t { unknown = 0, none = 1, some = 2, all = 3 };

/// The limit for one item; writers stay far below it.
inline constexpr std::uint64_t kMaxItemBits = std::uint64_t{1} << 30;

struct ArrayEncoding {
  ArrayKind kind{};              ///< can be a number without a name here
  Nulls nulls{};                 ///< nullable only
  std::uint64_t bits = 0;        ///< flat: of a value
  std::uint64_t buffer = 0;      ///< flat, packed struct: index of the page's buffer
  GeneralScheme scheme{};        ///< flat: how the buffer is compressed
  std::uint64_t dimension = 0;   ///< fixed-size list: items per list
  std::uint64_t adjustment = 0;  ///< list, binary: added to the end offset of a null entry
  std::uint64_t items = 0;       ///< list: items of all rows; dictionary: entries
  io::ByteView symbol_table;     ///< fsst only
  /// Nullable: validity if some are null, values. Binary: offsets, bytes. Dictionary: indices,
  /// items. Packed struct: its fields. List: offsets; its items are another column.
  std::vector<ArrayEncoding> children;
  io::ByteView message;  ///< the encoded node, for errors

  /// Child `index`; throws corrupt if the file lacks it.
  [[nodiscard]] const ArrayEncoding& child(std::size_t index = 0) const;
  /// Throws unsupported, saying that this encoding is not read at its place in the tree.
  [[noreturn]] void unsupported() const;
};

/// @throws Error corrupt; unsupported for trees deeper than any that a writer makes.
[[nodiscard]] ArrayEncoding decode_array_encoding(const io::ByteView& message);

/// E.g. "binary(flat 64, flat 8 zstd)". Nodes without nulls are left out.
[[nodiscard]] std::string to_string(const ArrayEncoding& encoding);

}  // namespace lancekeep::lance::v2_0
