// SPDX-License-Identifier: Apache-2.0
// The plan of a save: which tensors keep the rows they have, which are written, into which new data
// files, and the order of all of them. Pure: no byte of a value is read.
#pragma once

#include <lancekeep/tensor.h>

#include "store/table/tensor_table.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace lancekeep::store {

/// Entries of a source (their indices) that share one value: the value of the first is written, and
/// the rows of the others – ties, and tensors that happen to have the same bytes – follow it
/// directly and point to it. Lance requires that positions never decrease from row to row.
using ValueGroup = std::vector<std::size_t>;

/// The groups of one data file, in row order.
using FilePlan = std::vector<ValueGroup>;

/// One group for each entry that is not tied, with the entries that are tied to it.
[[nodiscard]] std::vector<ValueGroup> tie_groups(std::span<const TensorSpec> specs);

/// About 128 MiB of values in each file, or one larger tensor; larger files if there would be more
/// than 512, since all are open until the save is committed.
[[nodiscard]] std::vector<FilePlan> plan_files(std::span<const TensorSpec> specs,
                                               std::span<const ValueGroup> groups);

/// Strictly ascending numbers for the tensors of a model, in its order: steps of 2^20, so that a
/// later save can put new rows between old ones. `kept` is what the row of a kept tensor says now;
/// unset for a new one. As many rows as possible keep their number (a longest ascending run); the
/// others get places in between; all are numbered again only if there is no room.
[[nodiscard]] std::vector<std::int64_t> assign_ordinals(
    std::span<const std::optional<std::int64_t>> kept);

struct PlanInput {
  std::span<const TensorSpec> specs;
  /// Live rows: those of the version that the save builds on, and those that this save already
  /// wrote in an earlier attempt.
  std::span<const TensorRow> rows;
  /// For each spec the row with its dtype, shape and bytes; no row twice.
  std::span<const std::optional<std::size_t>> matches;
  /// The first fragment that this save wrote: rows in it and in later ones are used as they are.
  std::size_t first_own = 0;
  /// Fragments whose rows must not be kept.
  std::set<std::size_t> abandoned;
};

struct SavePlan {
  std::vector<std::optional<std::size_t>> keep;  ///< for each spec the row that it keeps
  std::vector<ValueGroup> write;                 ///< all other specs
  std::vector<std::int64_t> ordinals;            ///< for each spec
};

/// Tied tensors are kept or written together, so that they share one value. If hardly anything of a
/// fragment would be kept, that is written again, so that the fragment's file can be removed. If
/// there would be more than 32 fragments above what the model's size needs, the smallest are written
/// again, as long as that is at most 64 KiB and a quarter of what is written anyway.
[[nodiscard]] SavePlan plan_save(const PlanInput& input);

/// Whether the small columns of `row` must be written again for it to be the row `wanted`.
[[nodiscard]] bool must_relabel(const TensorRow& row, const TensorRow& wanted);

}  // namespace lancekeep::store
