// SPDX-License-Identifier: Apache-2.0
// A safetensors file as a source of tensors.
#pragma once

#include <lancekeep/tensor.h>

#include "io/input_file.h"
#include "io/memory_budget.h"

#include <memory>

namespace lancekeep::formats {

/// Tensors come in the order of the header's text; metadata() is its `__metadata__`.
/// @throws Error corrupt: among others where tensors overlap, leave holes, or do not fill the file;
/// unsupported: a dtype that safetensors 0.8 lacks, or more tensors, names and metadata than the
/// budget has room for.
[[nodiscard]] std::unique_ptr<TensorSource> open_safetensors(const io::InputFile& file,
                                                             io::MemoryBudget& budget);
/// With a budget of the file's own.
[[nodiscard]] std::unique_ptr<TensorSource> open_safetensors(const io::InputFile& file);

}  // namespace lancekeep::formats
