// SPDX-License-Identifier: Apache-2.0
// Encodes pages of format 2.1, as mini-block chunks with uncompressed values. docs/format/file.md
// describes the layout.
//
// The functions write pages of one chunk, which holds 32 KiB and 4,096 values at most. A model's
// small columns take a few such pages, and every pylance since 1.0 reads them. ListPageEncoder
// writes lists of any length, in pages of many chunks. Pure: nothing here touches a file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// A page that has no offset in a file yet.
struct EncodedPage {
  std::vector<std::string> buffers;
  std::uint64_t rows = 0;
  std::string layout;  ///< a PageLayout message
};

/// Where a blob value is in its data file; (0, 0) is an empty value.
struct BlobDescriptor {
  std::uint64_t position = 0;
  std::uint64_t size = 0;
  bool operator==(const BlobDescriptor&) const = default;
};

/// The longest string that is sure to fit in a chunk.
inline constexpr std::size_t kMaxStringBytes = 16 * 1024;
/// The longest list that is sure to fit in a chunk.
inline constexpr std::size_t kMaxListItems = 1024;

using OptionalText = std::optional<std::string>;

// Each function encodes as many rows from the front of `rows` as fit in one page, at least one, and
// returns their number in EncodedPage::rows. Throws invalid_argument for a row that fits in no
// page.

[[nodiscard]] EncodedPage encode_strings(std::span<const std::string> rows);
[[nodiscard]] EncodedPage encode_optional_strings(std::span<const OptionalText> rows);
[[nodiscard]] EncodedPage encode_int64(std::span<const std::int64_t> rows);
[[nodiscard]] EncodedPage encode_int64_lists(std::span<const std::vector<std::int64_t>> rows);
/// Encodes `rows` empty lists, or as many of them as fit.
[[nodiscard]] EncodedPage encode_empty_lists(std::uint64_t rows);
[[nodiscard]] EncodedPage encode_blobs(std::span<const BlobDescriptor> rows);

/// The format allows 4,096 items and 32 KiB per chunk; this power of two leaves space for levels.
inline constexpr std::uint64_t kListChunkItems = 2048;

/// A page of lists of 64-bit items, of any length, in as many mini-block chunks as needed. The head
/// of a chunk depends only on the lengths of the lists, so the items stream from the caller into
/// the file, between one head and the next. Holds 18 bytes per chunk.
class ListPageEncoder {
 public:
  /// The lengths of the page's lists in row order: at least one list, and no empty list. They must
  /// outlive the encoder.
  explicit ListPageEncoder(std::span<const std::uint64_t> lengths);

  /// The number of items in the next chunk; 0 after the last chunk.
  [[nodiscard]] std::uint64_t next_items() const;
  /// Header and levels of the next chunk, a multiple of 8 bytes. The chunk's items follow it in the
  /// file, unencoded, and then the next chunk.
  [[nodiscard]] std::string next_head();

  // After the last chunk:

  /// Buffer 0: size and items of each chunk. (Buffer 1 has the chunks.)
  [[nodiscard]] const std::string& chunk_table() const { return table_; }
  /// Buffer 2: for each chunk, the rows that end in it and its items of an unfinished row.
  [[nodiscard]] const std::string& repetition_index() const { return index_; }
  /// A PageLayout message.
  [[nodiscard]] std::string layout() const;

 private:
  std::span<const std::uint64_t> lengths_;
  std::uint64_t items_ = 0;      // in the page
  std::uint64_t done_ = 0;       // items in the chunks so far
  std::size_t row_ = 0;          // row of the next item
  std::uint64_t row_items_ = 0;  // items of that row in the chunks so far
  std::string table_;
  std::string index_;
};

}  // namespace lancekeep::lance
