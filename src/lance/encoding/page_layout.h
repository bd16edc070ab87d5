// SPDX-License-Identifier: Apache-2.0
// The PageLayout message: how a page of format 2.1 or 2.2 arranges its rows. Decoded into plain
// structs for any layout; encoded for the layouts that Lancekeep writes.
#pragma once

#include "lance/encoding/compression.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lancekeep::lance {

/// Page::type_url of a PageLayout message.
inline constexpr std::string_view kPageLayoutUrl = "/lance.encodings21.PageLayout";

/// Small values, in chunks of levels and values; each chunk is compressed separately.
struct MiniBlockLayout {
  std::optional<Compression> rep;
  std::optional<Compression> def;
  Compression values;
  std::optional<Compression> dictionary;
  std::uint64_t dictionary_items = 0;
  std::vector<std::uint64_t> layers;
  std::uint64_t num_buffers = 0;  ///< value buffers per chunk
  std::uint64_t items = 0;
  bool large_chunks = false;  ///< format 2.2: chunk sizes of 32 bits
};

/// All items have the same value, or all are null, or the page has no items.
struct ConstantLayout {
  std::vector<std::uint64_t> layers;
  std::optional<io::ByteView> value;
  std::optional<Compression> rep;  ///< unset: raw levels
  std::optional<Compression> def;
  std::uint64_t rep_levels = 0;  ///< number of levels; for compressed levels only
  std::uint64_t def_levels = 0;
};

/// Large values: consecutive items, each a control word, a length and the bytes.
struct FullZipLayout {
  std::uint32_t rep_bits = 0;
  std::uint32_t def_bits = 0;
  std::uint32_t value_bits = 0;   ///< 0: variable width
  std::uint32_t length_bits = 0;  ///< variable width only
  std::uint64_t items = 0;
  std::uint64_t visible_items = 0;  ///< without the entries of empty and null lists
  Compression values;
  std::vector<std::uint64_t> layers;
};

struct PageLayout;

/// Values that are elsewhere in the file; the page has the (u64 position, u64 size) of each.
struct BlobLayout {
  std::shared_ptr<const PageLayout> inner;
  std::vector<std::uint64_t> layers;
};

struct PageLayout {
  std::variant<MiniBlockLayout, ConstantLayout, FullZipLayout, BlobLayout> layout;
  io::ByteView message;  ///< the encoded layout, for errors
};

/// @throws Error corrupt, or unsupported, naming the number of a layout that this build does not
/// know.
[[nodiscard]] PageLayout decode_page_layout(const io::ByteView& message);

/// E.g. "mini-block, layers 1 2, levels flat 16 / -, values flat 64".
[[nodiscard]] std::string to_string(const PageLayout& layout);

/// Layers of the pages that Lancekeep writes, innermost first; the numbers are Lance's.
enum PageLayer : std::uint32_t { kItem = 1, kList = 2, kNullableItem = 3, kListWithEmpties = 5 };

/// A mini-block page as Lancekeep writes it, with one value buffer per chunk.
struct MiniBlockMessage {
  std::string rep;     ///< a CompressiveEncoding message; empty: no repetition levels
  std::string def;     ///< the same for definition levels
  std::string values;  ///< a CompressiveEncoding message
  std::span<const std::uint32_t> layers;
  std::uint64_t items = 0;
};

// PageLayout messages.
[[nodiscard]] std::string encode_mini_block_layout(const MiniBlockMessage& message);
/// For a page without items, or with only nulls.
[[nodiscard]] std::string encode_constant_layout(std::span<const std::uint32_t> layers);
/// `inner_layout` is the PageLayout message of the descriptors.
[[nodiscard]] std::string encode_blob_layout(const std::string& inner_layout);

}  // namespace lancekeep::lance
