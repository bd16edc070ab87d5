// SPDX-License-Identifier: Apache-2.0
// NumPy's files as sources of tensors. Checksums of an archive's entries are verified as they are
// read.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/zip/archive.h"
#include "io/input_file.h"
#include "io/memory_budget.h"

#include <memory>
#include <string>

namespace lancekeep::formats {

/// Whether it is an archive of numpy.savez: .npy entries and no pickle of torch; or no entry at
/// all, which numpy.savez writes where it has nothing to write, and torch.save never.
[[nodiscard]] bool is_npz(const ZipArchive& archive);

/// The entry `layer.weight.npy` is the tensor `layer.weight`, in the archive's order. What is kept
/// is taken from `budget`. @throws Error corrupt; unsupported, also for an entry of another kind.
[[nodiscard]] std::unique_ptr<TensorSource> open_npz(const io::InputFile& file,
                                                     const ZipArchive& archive,
                                                     io::MemoryBudget& budget);

/// The file's array as a tensor named `name`. @throws Error corrupt or unsupported;
/// invalid_argument where the name is no UTF-8.
[[nodiscard]] std::unique_ptr<TensorSource> open_npy(const io::InputFile& file,
                                                     const std::string& name);

}  // namespace lancekeep::formats
