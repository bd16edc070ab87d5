// SPDX-License-Identifier: Apache-2.0
// Model files of other formats, in and out. Nothing here runs code that a file carries.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/export.h>
#include <lancekeep/tensor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <span>

namespace lancekeep {

/// Opens a model file for reading; its kind is told by its content, not by its name:
///   - safetensors; or the `*.index.json` of a model in several files, with all of them;
///   - a torch `.pth`, `.pt` or `.bin` (zip or the older non-zip form): a state dict, or a training
///     checkpoint of nested dicts, lists, tuples, numbers and text, whose values that are no
///     tensors are entries of dtype `json`, and its nesting one of dtype `tree`;
///   - NumPy's `.npz` and `.npy`.
/// A file is read piece by piece while the source is used, and must not change meanwhile.
/// @throws Error not_found, corrupt, unsupported, or unsafe (a pickle that names a forbidden
/// global, a name that leads out of its archive or folder).
[[nodiscard]] LANCEKEEP_API std::unique_ptr<TensorSource> open_model_file(
    const std::filesystem::path& path);

struct ExportReport {
  std::uint64_t tensors = 0;
  std::uint64_t bytes_written = 0;
  std::vector<std::string> not_kept;  ///< what the target format has no place for, one line each
  std::vector<std::filesystem::path> files;  ///< that were written, in their order
  std::vector<std::string> notes;            ///< remarks a person should see, one line each
};

/// Writes a safetensors file: to a temporary name beside `path`, fsynced, then renamed over it.
/// Tensors of dtypes that safetensors lacks are an error that names them, before anything is
/// written; `json` rows go into `__metadata__` as text; tied tensors are written out twice.
LANCEKEEP_API ExportReport write_safetensors(const std::filesystem::path& path,
                                             TensorSource& source, const Metadata& metadata = {});

/// The same bytes, in order, to wherever `write` puts them.
LANCEKEEP_API ExportReport
write_safetensors(const std::function<void(std::span<const std::byte>)>& write,
                  TensorSource& source, const Metadata& metadata = {});

/// Writes `model.safetensors` where it holds all tensors within `max_shard_bytes` of values, else
/// `model-00001-of-0000N.safetensors` and so on, none beyond it but for a tensor that is larger by
/// itself, and `model.safetensors.index.json`, which names each tensor's file. The index is written
/// last, and one that was there goes first: what an index names is complete. One file takes the
/// place of an older index, an index that of an older file; older shards of other names stay, and a
/// note tells of them. Metadata goes into each file. What fails leaves no new file behind.
LANCEKEEP_API ExportReport write_sharded_safetensors(const std::filesystem::path& path,
                                                     TensorSource& source,
                                                     std::uint64_t max_shard_bytes,
                                                     const Metadata& metadata = {});

/// Writes an `.npz` archive of uncompressed `.npy` entries, one a tensor, as write_safetensors()
/// does. Dtypes that NumPy lacks are an error that names them; `json` rows are not kept.
LANCEKEEP_API ExportReport write_npz(const std::filesystem::path& path, TensorSource& source);

/// Writes the source's one tensor as an `.npy` file.
/// @throws Error invalid_argument where it has none, or several.
LANCEKEEP_API ExportReport write_npy(const std::filesystem::path& path, TensorSource& source);

struct ExportOptions {
  Metadata metadata;                  ///< kept by safetensors alone
  std::uint64_t max_shard_bytes = 0;  ///< of safetensors' files; 0: one file, whatever its size
};

/// Writes the kind of file that the name's ending says: `.safetensors`, `.npz` or `.npy`.
/// @throws Error invalid_argument for any other, and for a shard size where there are no shards.
LANCEKEEP_API ExportReport write_model_file(const std::filesystem::path& path, TensorSource& source,
                                            const ExportOptions& options = {});

}  // namespace lancekeep
