// SPDX-License-Identifier: Apache-2.0
// Memory that is asked for in small pieces and given back all at once. It comes in chunks, each
// taken from the file's budget before it is allocated. The pieces hold plain data: nothing is
// destroyed. One owner, one thread while pieces are asked for.
#pragma once

#include "io/memory_budget.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lancekeep::formats {

class PickleArena {
 public:
  /// `budget` must live until the last piece was asked for.
  explicit PickleArena(io::MemoryBudget& budget) : budget_(&budget) {}

  /// Uninitialized room for `count` values. @throws Error unsupported, beyond the budget.
  template <typename T>
  [[nodiscard]] std::span<T> allocate(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    return {reinterpret_cast<T*>(take(count, sizeof(T), alignof(T))), count};
  }
  [[nodiscard]] std::string_view copy(std::string_view text);

 private:
  static constexpr std::size_t kAlignment = 8;

  std::byte* take(std::size_t count, std::size_t size, std::size_t alignment);

  io::MemoryBudget* budget_;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::span<std::byte> free_;  ///< of the newest chunk
};

}  // namespace lancekeep::formats
