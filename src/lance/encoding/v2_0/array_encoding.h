// SPDX-License-Identifier: Apache-2.0
// The ArrayEncoding message: how a page of format 2.0 is encoded. A tree: a buffer at each leaf,
// nulls, lists and texts around it. Plain values; the tree keeps the bytes it was read from alive.
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

/// Of one item; what any writer makes is far below.
inline constexpr std::uint64_t kMaxItemBits = std::uint64_t{1} << 30;

struct ArrayEncoding {
  ArrayKind kind{};              ///< may be a number that has no name here
  Nulls nulls{};                 ///< nullable only
  std::uint64_t bits = 0;        ///< flat: of a value
  std::uint64_t buffer = 0;      ///< flat, packed struct: which of the page's buffers
  GeneralScheme scheme{};        ///< flat: how the buffer is compressed
  std::uint64_t dimension = 0;   ///< fixed-size list: its items
  std::uint64_t adjustment = 0;  ///< list, binary: what null entries have on top of their offset
  std::uint64_t items = 0;       ///< list: of all rows; dictionary: of the dictionary
  io::ByteView symbol_table;     ///< fsst only
  /// Nullable: validity where some are null, values. Binary: offsets, bytes. Dictionary: indices,
  /// items. Packed struct: its fields. List: offsets; its items are another column.
  std::vector<ArrayEncoding> children;
  io::ByteView message;  ///< where it stands, for errors

  /// Child `index`; throws corrupt where the file left it out.
  [[nodiscard]] const ArrayEncoding& child(std::size_t index = 0) const;
  /// Says that this build cannot read the encoding where it stands.
  [[noreturn]] void unsupported() const;
};

/// @throws Error corrupt; unsupported for trees deeper than any that a writer makes.
[[nodiscard]] ArrayEncoding decode_array_encoding(const io::ByteView& message);

/// E.g. "binary(flat 64, flat 8 zstd)"; values without nulls are not said to be so.
[[nodiscard]] std::string to_string(const ArrayEncoding& encoding);

}  // namespace lancekeep::lance::v2_0
