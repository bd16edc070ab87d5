// SPDX-License-Identifier: Apache-2.0
// The save plan: which tensors keep the rows they have, and which are written. Pure: it is told
// which rows have the bytes, and looks at none.
#pragma once

#include "store/save/file_plan.h"
#include "store/table/tensor_table.h"

#include <optional>
#include <set>
#include <vector>

namespace lancekeep::store {

struct PlanInput {
  std::span<const TensorSpec> specs;
  /// Live rows that there are: those of the version that is saved upon, and those that this save
  /// has written already for a version that someone else forestalled.
  std::span<const TensorRow> rows;
  /// For each spec the row that has its dtype, shape and bytes; no row twice.
  std::span<const std::optional<std::size_t>> matches;
  /// Fragments of `rows` from this one on were written by this save: their rows are used as they
  /// are.
  std::size_t first_own = 0;
  /// Fragments that shall not be used any more, where that can be helped.
  std::set<std::size_t> abandoned;
};

struct SavePlan {
  std::vector<std::optional<std::size_t>> keep;  ///< for each spec the row that stays
  std::vector<ValueGroup> write;                 ///< the others
  std::vector<std::int64_t> ordinals;            ///< for each spec
};

/// Tied tensors stay or are written together, so that they share one value. Where hardly anything
/// of a fragment would stay, it is emptied into the new files, so that its file can go. Where there
/// would be more than 32 fragments beyond what the model's size needs, the smallest of them are
/// emptied into the new files, as long as that is no more than 64 KiB and a quarter of what is
/// written anyway.
[[nodiscard]] SavePlan plan_save(const PlanInput& input);

/// Whether the small columns of `row` must be written anew for it to stand for this tensor.
[[nodiscard]] bool must_relabel(const TensorRow& row, const TensorRow& wanted);

}  // namespace lancekeep::store
