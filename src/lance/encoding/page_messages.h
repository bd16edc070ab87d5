// SPDX-License-Identifier: Apache-2.0
// The messages of the pages that Lancekeep writes: PageLayout, and CompressiveEncoding in it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace lancekeep::lance {

/// Layers of a page, innermost first, as PageLayout numbers them.
enum PageLayer : std::uint32_t { kItem = 1, kList = 2, kNullableItem = 3, kListWithEmpties = 5 };

// CompressiveEncoding messages.
[[nodiscard]] std::string flat_encoding(std::uint32_t bits);
[[nodiscard]] std::string variable_encoding(std::uint32_t offset_bits);
/// Bit-packed, `bits` of `full_bits`, the width outside the data.
[[nodiscard]] std::string packed_encoding(std::uint32_t full_bits, std::uint32_t bits);
/// Two u64, which is what a blob's descriptor is.
[[nodiscard]] std::string two_u64_encoding();

/// What the layout of a mini-block page says; an encoding that is empty is not there.
struct MiniBlockMessage {
  std::string rep;
  std::string def;
  std::string values;
  std::span<const std::uint32_t> layers;
  std::uint64_t items = 0;
};
[[nodiscard]] std::string mini_block_layout(const MiniBlockMessage& message);
/// No items, or nulls alone.
[[nodiscard]] std::string constant_layout(std::span<const std::uint32_t> layers);
[[nodiscard]] std::string blob_layout(const std::string& inner);

}  // namespace lancekeep::lance
