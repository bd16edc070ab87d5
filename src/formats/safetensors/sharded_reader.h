// SPDX-License-Identifier: Apache-2.0
// Reads a model of several files and their index as one source of tensors. Opening the model
// compares the index with all files; afterwards, only one file is open at a time. One thread at a
// time.
#pragma once

#include <lancekeep/tensor.h>

#include "io/input_file.h"
#include "io/memory_budget.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lancekeep::formats {

/// Opens one of the files, of any kind. Memory for its structures is taken from the budget.
using OpenShard = std::function<std::unique_ptr<TensorSource>(const io::InputFile& file,
                                                              io::MemoryBudget& budget)>;

/// Opens the model of `index`, whose files are in `folder`. Returns null if the JSON text has no
/// `weight_map`. Tensors are ordered by the name of their file, then as in that file. metadata()
/// merges the metadata of the index and the files; if values of a key differ, the first one is
/// kept, and a note says so. The index decides which tensors the model has: others in its files are
/// left out, and a note counts and names them. All files share one budget.
/// @throws Error not_found, naming missing files; corrupt, naming tensors of the index that are not
/// in their file; anything that `open` throws.
[[nodiscard]] std::unique_ptr<TensorSource> open_shards(const io::InputFile& index,
                                                        const std::filesystem::path& folder,
                                                        OpenShard open);

/// Opens the model whose files, at least one, are `files` in `folder`; there is no index. Each
/// tensor must be in one file only.
[[nodiscard]] std::unique_ptr<TensorSource> open_shards_without_index(
    const std::filesystem::path& folder, const std::vector<std::string>& files, OpenShard open);

}  // namespace lancekeep::formats
