// SPDX-License-Identifier: Apache-2.0
// Reads a safetensors file as a source of tensors.
#pragma once

#include <lancekeep/tensor.h>

#include "io/input_file.h"
#include "io/memory_budget.h"

#include <memory>

namespace lancekeep::formats {

/// Opens a file. Tensors are in the order of the header's text; metadata() is its `__metadata__`.
/// Memory for specs, names and metadata is taken from `budget`.
/// @throws Error corrupt, for example if tensors overlap, leave holes, or do not fill the file;
/// unsupported for a dtype that safetensors 0.8 lacks, or if the budget does not suffice.
[[nodiscard]] std::unique_ptr<TensorSource> open_safetensors(const io::InputFile& file,
                                                             io::MemoryBudget& budget);
/// The same, with a new budget for this file.
[[nodiscard]] std::unique_ptr<TensorSource> open_safetensors(const io::InputFile& file);

}  // namespace lancekeep::formats
