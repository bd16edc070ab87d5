// SPDX-License-Identifier: Apache-2.0
// Reads and writes model files of other formats. No code from a file is ever run. Any thread may call
// these functions; a TensorSource belongs to one thread at a time. They throw lancekeep::Error.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/export.h>
#include <lancekeep/tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lancekeep {

/// Opens a model file for reading. Its kind is detected from its content, not its name:
///   - safetensors; or the `*.index.json` of a sharded model, with all its shards;
///   - a torch `.pth`, `.pt` or `.bin` (zip or the older non-zip form): a state dict, or a training
///     checkpoint of nested dicts, lists, tuples, numbers and text, whose values that are not tensors
///     become entries of dtype `json`, and its nesting one of dtype `tree`;
///   - NumPy's `.npz` and `.npy`.
/// The file is read piece by piece while the source is used, and must not change meanwhile.
/// @throws Error not_found, corrupt, unsupported, or unsafe (a pickle that names a forbidden
/// global, a name that leads out of its archive or folder).
[[nodiscard]] LANCEKEEP_API std::unique_ptr<TensorSource> open_model_file(
    const std::filesystem::path& path);

struct ExportReport {
  std::uint64_t tensors = 0;
  std::uint64_t bytes_written = 0;
  std::vector<std::string> not_kept;         ///< what the format cannot store, one line each
  std::vector<std::filesystem::path> files;  ///< that were written, in order
  std::vector<std::string> notes;            ///< remarks for the user, one line each
};

/// Writes a safetensors file: under a temporary name beside `path`, fsynced, then renamed to it.
/// Entries of dtype `json` go into `__metadata__` as text; tied tensors are written twice.
/// @throws Error unsupported, before anything is written, naming the tensors whose dtypes safetensors
/// lacks.
LANCEKEEP_API ExportReport write_safetensors(const std::filesystem::path& path,
                                             TensorSource& source, const Metadata& metadata = {});

/// Passes the bytes of that file, in order, to `write`.
LANCEKEEP_API ExportReport
write_safetensors(const std::function<void(std::span<const std::byte>)>& write,
                  TensorSource& source, const Metadata& metadata = {});

/// Writes `model.safetensors` if all tensors fit `max_shard_bytes` of values; otherwise
/// `model-00001-of-0000N.safetensors` and so on, and `model.safetensors.index.json`, which names each
/// tensor's file. Each shard stays under the limit unless a single tensor exceeds it. An existing
/// index is removed first and the new one written last, so that an index is always complete. A single
/// file replaces an older index, and an index an older file; older shards with other names stay, and a
/// note lists them. Metadata goes into each file. On error no new file remains.
LANCEKEEP_API ExportReport write_sharded_safetensors(const std::filesystem::path& path,
                                                     TensorSource& source,
                                                     std::uint64_t max_shard_bytes,
                                                     const Metadata& metadata = {});

/// Writes an `.npz` archive with one uncompressed `.npy` entry per tensor, as write_safetensors()
/// does. Entries of dtype `json` are not kept. @throws Error unsupported, naming the tensors whose
/// dtypes NumPy lacks.
LANCEKEEP_API ExportReport write_npz(const std::filesystem::path& path, TensorSource& source);

/// Writes the source's one tensor as an `.npy` file.
/// @throws Error invalid_argument if it has none or several.
LANCEKEEP_API ExportReport write_npy(const std::filesystem::path& path, TensorSource& source);

struct ExportOptions {
  Metadata metadata;                  ///< kept by safetensors only
  std::uint64_t max_shard_bytes = 0;  ///< for safetensors; 0: one file of any size
};

/// Writes the format that the name's ending says: `.safetensors`, `.npz` or `.npy`.
/// @throws Error invalid_argument for any other ending, and for a shard size with a format that has
/// no shards.
LANCEKEEP_API ExportReport write_model_file(const std::filesystem::path& path, TensorSource& source,
                                            const ExportOptions& options = {});

}  // namespace lancekeep
