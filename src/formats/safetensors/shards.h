// SPDX-License-Identifier: Apache-2.0
// A model in several files as one source of tensors. Index and files are held against each other
// before the first tensor is given out; of the files, one at a time is held open.
#pragma once

#include "formats/safetensors/shard_index.h"

#include <filesystem>
#include <functional>
#include <memory>

namespace lancekeep::formats {

/// Reads one of the files, of whatever kind; what it keeps is taken from the budget.
using OpenShard = std::function<std::unique_ptr<TensorSource>(const io::InputFile& file,
                                                              io::MemoryBudget& budget)>;

/// Nothing for JSON text without a `weight_map`. Tensors come in the order of the files' names, and
/// within a file in its own. metadata() is the index's, and what the files' own add to it; where
/// they disagree, the first is kept and a note says so. All files together have one budget.
/// @throws Error not_found, naming the files that are missing; corrupt, naming tensors that the
/// index and the files do not agree on; and whatever `open` throws.
[[nodiscard]] std::unique_ptr<TensorSource> open_shards(const io::InputFile& index,
                                                        const std::filesystem::path& folder,
                                                        OpenShard open);

}  // namespace lancekeep::formats
