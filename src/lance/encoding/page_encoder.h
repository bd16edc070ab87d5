// SPDX-License-Identifier: Apache-2.0
// Pages as Lancekeep writes them: format 2.1, one mini-block chunk a page, nothing compressed.
//
// A chunk of format 2.1 holds 32 KiB and 4,096 values at most; each function takes as many rows as
// fit. Small columns of a model are a few pages this way, and every pylance since 1.0 reads them.
// Lists of any length have pages of many chunks: list_page_encoder.h. The layout is described in
// docs/format/file.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// A page before it has a place in a file.
struct EncodedPage {
  std::vector<std::string> buffers;
  std::uint64_t rows = 0;
  std::string layout;  ///< a PageLayout message
};

/// Where a blob value lies in its own data file; (0, 0) is an empty value.
struct BlobDescriptor {
  std::uint64_t position = 0;
  std::uint64_t size = 0;
  bool operator==(const BlobDescriptor&) const = default;
};

/// The longest string that fits a chunk, with room to spare.
inline constexpr std::size_t kMaxStringBytes = 16 * 1024;
/// The longest list that fits a chunk, with room to spare.
inline constexpr std::size_t kMaxListItems = 1024;

using OptionalText = std::optional<std::string>;

// Each function takes as many rows from the front of `rows` as fit one page (at least one) and says
// in EncodedPage::rows how many those were. Throws invalid_argument for a row that fits no page.

[[nodiscard]] EncodedPage encode_strings(std::span<const std::string> rows);
[[nodiscard]] EncodedPage encode_optional_strings(std::span<const OptionalText> rows);
[[nodiscard]] EncodedPage encode_int64(std::span<const std::int64_t> rows);
[[nodiscard]] EncodedPage encode_int64_lists(std::span<const std::vector<std::int64_t>> rows);
/// As many of `rows` lists without an item as fit.
[[nodiscard]] EncodedPage encode_empty_lists(std::uint64_t rows);
[[nodiscard]] EncodedPage encode_blobs(std::span<const BlobDescriptor> rows);

}  // namespace lancekeep::lance
