// SPDX-License-Identifier: Apache-2.0
// The PageLayout message: how a page of format 2.1 or 2.2 lays out its rows.
#pragma once

#include "lance/encoding/compression.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lancekeep::lance {

/// Small values: chunks of levels and values, each compressed on its own.
struct MiniBlockLayout {
  std::optional<Compression> rep;
  std::optional<Compression> def;
  Compression values;
  std::optional<Compression> dictionary;
  std::uint64_t dictionary_items = 0;
  std::vector<std::uint64_t> layers;
  std::uint64_t num_buffers = 0;  ///< of values, per chunk
  std::uint64_t items = 0;
  bool large_chunks = false;  ///< 2.2: chunk sizes of 32 bits
};

/// All items are one value, or null, or there are none.
struct ConstantLayout {
  std::vector<std::uint64_t> layers;
  std::optional<io::ByteView> value;
  std::optional<Compression> rep;  ///< absent: raw levels
  std::optional<Compression> def;
  std::uint64_t rep_levels = 0;  ///< counts; for compressed levels only
  std::uint64_t def_levels = 0;
};

/// Large values: one row after another, each a control word, a length and the bytes.
struct FullZipLayout {
  std::uint32_t rep_bits = 0;
  std::uint32_t def_bits = 0;
  std::uint32_t value_bits = 0;   ///< of a fixed width; 0: variable
  std::uint32_t length_bits = 0;  ///< variable only
  std::uint64_t items = 0;
  std::uint64_t visible_items = 0;  ///< without lists that have none
  Compression values;
  std::vector<std::uint64_t> layers;
};

struct PageLayout;

/// Values lie elsewhere in the file; the page holds (position, size).
struct BlobLayout {
  std::shared_ptr<const PageLayout> inner;
  std::vector<std::uint64_t> layers;
};

struct PageLayout {
  std::variant<MiniBlockLayout, ConstantLayout, FullZipLayout, BlobLayout> layout;
  io::ByteView message;  ///< where it stands, for errors
};

/// @throws Error corrupt, or unsupported with the number of a layout that this build does not know.
[[nodiscard]] PageLayout decode_page_layout(const io::ByteView& message);

/// E.g. "mini-block, levels -/flat 16, values flat 64".
[[nodiscard]] std::string to_string(const PageLayout& layout);

}  // namespace lancekeep::lance
