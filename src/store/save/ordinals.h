// SPDX-License-Identifier: Apache-2.0
// The order of a model's tensors, as a number in each row: steps of 2^20, so that a later save can
// put new rows between old ones. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lancekeep::store {

/// Strictly ascending numbers for the tensors of a model, in its order. `kept` holds what the row
/// of a tensor that stays says now, or nothing for a new one. As many rows as can stay as they are
/// do (those of a longest ascending run); the others get places between them; only where there is
/// no room are all numbered anew.
[[nodiscard]] std::vector<std::int64_t> assign_ordinals(
    std::span<const std::optional<std::int64_t>> kept);

}  // namespace lancekeep::store
