// SPDX-License-Identifier: Apache-2.0
// A page of lists of 64-bit items, of any length, in as many mini-block chunks as it takes.
//
// A chunk's head depends on how long the lists are, not on what they hold: so the items stream from
// wherever they are into the file, between one head and the next. Pure; holds 18 bytes a chunk.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace lancekeep::lance {

/// The format lets a chunk have 4,096 items and 32 KiB; a power of two that leaves room for levels.
inline constexpr std::uint64_t kListChunkItems = 2048;

class ListPageEncoder {
 public:
  /// `lengths` are those of the page's lists in row order: one at least, and none of them 0. They
  /// must outlive the encoder.
  explicit ListPageEncoder(std::span<const std::uint64_t> lengths);

  /// Items of the next chunk; 0: there is none.
  [[nodiscard]] std::uint64_t next_items() const;
  /// What stands before the items of the next chunk: header and levels, a multiple of 8 bytes. The
  /// items follow it as they are, and the next chunk follows them.
  [[nodiscard]] std::string next_head();

  // Once there is no further chunk:

  /// Buffer 0: size and items of each chunk. Buffer 1 are the chunks.
  [[nodiscard]] const std::string& chunk_table() const { return table_; }
  /// Buffer 2: of each chunk, the rows that end in it, and its items of a row that goes on.
  [[nodiscard]] const std::string& repetition_index() const { return index_; }
  /// A PageLayout message.
  [[nodiscard]] std::string layout() const;

 private:
  std::span<const std::uint64_t> lengths_;
  std::uint64_t items_ = 0;      // of the page
  std::uint64_t done_ = 0;       // of these, in the chunks so far
  std::size_t row_ = 0;          // that the next item belongs to
  std::uint64_t row_items_ = 0;  // that it has already
  std::string table_;
  std::string index_;
};

}  // namespace lancekeep::lance
