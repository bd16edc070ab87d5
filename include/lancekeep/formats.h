// SPDX-License-Identifier: Apache-2.0
// Model files of other formats, in and out. Nothing here runs code that a file carries.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/export.h>
#include <lancekeep/tensor.h>

#include <filesystem>
#include <memory>

namespace lancekeep {

/// Opens a model file for reading; its kind is told by its content, not by its name: safetensors,
/// or a torch `.pth`/`.pt`/`.bin` with a flat state dict (zip or the older non-zip form). The file
/// is read piece by piece while the source is used, and must not change meanwhile.
/// @throws Error not_found, corrupt, unsupported, or unsafe (a pickle that names a forbidden
/// global).
[[nodiscard]] LANCEKEEP_API std::unique_ptr<TensorSource> open_model_file(
    const std::filesystem::path& path);

struct ExportReport {
  std::uint64_t tensors = 0;
  std::uint64_t bytes_written = 0;
  std::vector<std::string> not_kept;  ///< what the target format has no place for, one line each
};

/// Writes a safetensors file: to a temporary name beside `path`, fsynced, then renamed over it.
/// Tensors of dtypes that safetensors lacks are an error that names them, before anything is
/// written; `json` rows go into `__metadata__` as text; tied tensors are written out twice.
LANCEKEEP_API ExportReport write_safetensors(const std::filesystem::path& path,
                                             TensorSource& source, const Metadata& metadata = {});

}  // namespace lancekeep
