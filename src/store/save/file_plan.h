// SPDX-License-Identifier: Apache-2.0
// Which tensors go into which new data file. Pure: looks at no byte.
#pragma once

#include <lancekeep/tensor.h>

#include <vector>

namespace lancekeep::store {

/// Entries of a source (their indices) that share one value: the first one's is written, and the
/// rows of the others – ties, and tensors that merely have the same bytes – stand right behind it
/// and point to it. Lance wants positions that never decrease from row to row.
using ValueGroup = std::vector<std::size_t>;

/// The groups of one data file, in row order.
using FilePlan = std::vector<ValueGroup>;

/// One group for each entry that is not tied, with what is tied to it.
[[nodiscard]] std::vector<ValueGroup> tie_groups(std::span<const TensorSpec> specs);

/// About 128 MiB of values a file, or one larger tensor; larger files where there would be more
/// than 512, which are open all at once while a save is not published.
[[nodiscard]] std::vector<FilePlan> plan_files(std::span<const TensorSpec> specs,
                                               std::span<const ValueGroup> groups);

}  // namespace lancekeep::store
