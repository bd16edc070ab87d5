// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/arena.h"

#include "io/checked_math.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kChunk = 64 << 10;

}  // namespace

std::string_view PickleArena::copy(std::string_view text) {
  const std::span<char> room = allocate<char>(text.size());
  std::copy(text.begin(), text.end(), room.begin());
  return {room.data(), room.size()};
}

std::byte* PickleArena::take(std::size_t count, std::size_t size, std::size_t alignment) {
  const std::size_t wanted =
      io::checked_mul(count, size).value_or(std::numeric_limits<std::size_t>::max());
  const std::size_t misplaced = reinterpret_cast<std::uintptr_t>(free_.data()) % alignment;
  const std::size_t padding = misplaced == 0 ? 0 : alignment - misplaced;
  if (padding <= free_.size() && wanted <= free_.size() - padding) {
    std::byte* const piece = free_.data() + padding;
    free_ = free_.subspan(padding + wanted);
    return piece;
  }
  const std::size_t chunk = std::max(wanted, kChunk);
  budget_->take(chunk, "the pickle's values");
  const auto& made = chunks_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(chunk));
  // What a large piece leaves of its chunk is nothing; the chunk at hand stays in use.
  if (wanted < kChunk) free_ = std::span(made.get(), chunk).subspan(wanted);
  return made.get();
}

}  // namespace lancekeep::formats
