// SPDX-License-Identifier: Apache-2.0
// The plan of a save: which tensors keep their rows, which are written and into which new data
// files, and the order of all of them. Pure functions: no byte of a value is read.
#pragma once

#include <lancekeep/tensor.h>

#include "store/table/tensor_table.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace lancekeep::store {

/// The indices of the entries of a source that share one value. The value of the first is written,
/// and the rows of the others – ties, and tensors that happen to have the same bytes – follow its
/// row directly and point to the same value. Lance requires that positions never decrease from row
/// to row.
using ValueGroup = std::vector<std::size_t>;

/// The groups of one data file, in row order.
using FilePlan = std::vector<ValueGroup>;

/// One group for each entry that is not tied, with the entries that are tied to it.
[[nodiscard]] std::vector<ValueGroup> tie_groups(std::span<const TensorSpec> specs);

/// Puts about 128 MiB of values into each file, or one larger tensor. Files are larger if there
/// would otherwise be more than 512 of them, because all are open until the save is committed.
[[nodiscard]] std::vector<FilePlan> plan_files(std::span<const TensorSpec> specs,
                                               std::span<const ValueGroup> groups);

/// Strictly ascending numbers for the tensors of a model, in its order: steps of 2^20, so that a
/// later save can put new rows between old ones. `kept` has the current number of each kept row,
/// and is unset for a new tensor. As many rows as possible keep their number (a longest ascending
/// run), and the others get numbers in between; all are numbered again only if there is no room.
[[nodiscard]] std::vector<std::int64_t> assign_ordinals(
    std::span<const std::optional<std::int64_t>> kept);

struct PlanInput {
  std::span<const TensorSpec> specs;
  /// Live rows: those of the version that the save builds on, and those that this save already
  /// wrote in an earlier attempt.
  std::span<const TensorRow> rows;
  /// For each spec, the row with its dtype, shape and bytes; no row occurs twice.
  std::span<const std::optional<std::size_t>> matches;
  /// The first fragment that this save wrote: rows in it and in later ones are used as they are.
  std::size_t first_own = 0;
  /// Fragments whose rows must not be kept.
  std::set<std::size_t> abandoned;
};

struct SavePlan {
  std::vector<std::optional<std::size_t>> keep;  ///< for each spec, the row that it keeps
  std::vector<ValueGroup> write;                 ///< all other specs
  std::vector<std::int64_t> ordinals;            ///< for each spec
};

/// Tied tensors are kept or written together, so that they share one value. If hardly anything of a
/// fragment would be kept, those rows are written again, so that the fragment's file can be
/// removed. If there would be over 32 fragments more than the model's size needs, the smallest ones
/// are written again, as long as they add at most 64 KiB plus a quarter of what is written anyway.
[[nodiscard]] SavePlan plan_save(const PlanInput& input);

/// Whether the small columns of `row` must be written again for it to be the row `wanted`.
[[nodiscard]] bool must_relabel(const TensorRow& row, const TensorRow& wanted);

}  // namespace lancekeep::store
