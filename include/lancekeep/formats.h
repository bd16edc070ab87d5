// SPDX-License-Identifier: Apache-2.0
// Reads and writes model files of other formats. Nothing here runs code from a file. Any thread may
// call these functions; a TensorSource belongs to one thread at a time.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>
#include <lancekeep/visibility.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lancekeep {

/// How to read a model file.
struct ImportOptions {
  /// Of a torch file: reads past objects of classes whose meaning is not known, such as
  /// argparse.Namespace, a whole module or a user's own class. All tensors and plain values are
  /// kept; objects become plain data, such as a dict of their attributes, or are left out, and the
  /// notes name each class with its keys. Without it, a file with such objects is rejected.
  bool skip_objects = false;
  /// Of NumPy's files: the dtype of arrays of raw bytes (void), such as "bfloat16", for which NumPy
  /// has no name of its own. Empty: they are left out of an `.npz`, with a note.
  std::string void_dtype;
};

/// Opens a model file for reading. Its content, not its name, determines the kind:
///   - safetensors; or the `*.index.json` of a sharded model, together with its files;
///   - torch's `.pth`, `.pt` or `.bin` (zip or legacy form): a state dict, or a training checkpoint
///     of nested dicts, lists, tuples, numbers and strings. Values that are not tensors become
///     entries of dtype `json`, and the nesting becomes an entry of dtype `tree`;
///   - NumPy's `.npz` and `.npy`. Entries of an `.npz` that are not arrays of numbers are left out,
///     with a note.
/// The source reads from the file until it is destroyed; the file must not change meanwhile.
/// @throws Error not_found, corrupt, unsupported, or unsafe (a pickle that names a forbidden
/// global, or a name that leads out of its archive or folder).
[[nodiscard]] LANCEKEEP_API std::unique_ptr<TensorSource> open_model_file(
    const std::filesystem::path& path, const ImportOptions& options = {});

/// Opens the whole model at `path`: a file as above; a folder with one model in it; or one file of
/// several, `model-00001-of-00003.safetensors`, without an index, together with the others. The
/// notes say what else was read or left aside.
/// @throws Error as open_model_file(); invalid_argument for one of several files that have an
/// index, which is to be opened instead, and for a folder with several models; not_found if some
/// of the several files are missing.
[[nodiscard]] LANCEKEEP_API std::unique_ptr<TensorSource> open_model(
    const std::filesystem::path& path, const ImportOptions& options = {});

/// Whether a file that open_model() rejected with `error` can be opened with
/// ImportOptions::skip_objects, and then has values. Reads the file again, unless the error says
/// that objects are not the reason, or that its structures take too much memory.
[[nodiscard]] LANCEKEEP_API bool can_skip_objects(const std::filesystem::path& path,
                                                  const ImportOptions& options, const Error& error);

/// Returns the paths that open_model() takes, one for each model, in the given order: several files
/// of one model become the first of them, so that they are opened once.
/// @throws Error invalid_argument for some of several files that have an index.
[[nodiscard]] LANCEKEEP_API std::vector<std::filesystem::path> model_paths(
    std::span<const std::filesystem::path> paths);

struct ExportReport {
  std::uint64_t tensors = 0;
  std::uint64_t bytes_written = 0;
  std::vector<std::string> not_kept;         ///< what the target format cannot store, one line each
  std::vector<std::filesystem::path> files;  ///< written files, in order
  std::vector<std::string> notes;            ///< remarks for the user, one line each
};

/// Which names of tied tensors a safetensors file gets.
enum class TiedNames {
  /// One of them; the file's metadata maps each other name to it. safetensors' own save_model
  /// writes this form, and its load_model needs it.
  one,
  all,  ///< each, with its own copy of the values
};

/// Writes a safetensors file under a temporary name in its folder, fsyncs it, and renames it to
/// `path`. `json` rows become text in `__metadata__`. If there is any metadata, and none is called
/// `format`, `format` is set to `pt`: transformers and accelerate refuse a file without it.
/// @throws Error unsupported, naming tensors whose dtype safetensors lacks, before anything is
/// written.
LANCEKEEP_API ExportReport write_safetensors(const std::filesystem::path& path,
                                             TensorSource& source, const Metadata& metadata = {},
                                             TiedNames tied_names = TiedNames::one);

/// Passes the bytes of a safetensors file to `write`, in order. As safetensors' own save, it writes
/// each name, those of tied tensors too, and the metadata as it is.
LANCEKEEP_API ExportReport
write_safetensors(const std::function<void(std::span<const std::byte>)>& write,
                  TensorSource& source, const Metadata& metadata = {});

/// Writes `model.safetensors` if all values fit in `max_shard_bytes`. Otherwise writes shards
/// `model-00001-of-0000N.safetensors` and so on and `model.safetensors.index.json`, which maps each
/// tensor to its file. A shard stays under the limit unless a single tensor exceeds it. An existing
/// index is removed first and the new one written last, so an index never refers to incomplete
/// files. A single file replaces an older index, and an index replaces an older single file; older
/// shards with other names are kept, with a note in the report. Each file gets the metadata. On
/// error, no new file remains.
LANCEKEEP_API ExportReport write_sharded_safetensors(const std::filesystem::path& path,
                                                     TensorSource& source,
                                                     std::uint64_t max_shard_bytes,
                                                     const Metadata& metadata = {},
                                                     TiedNames tied_names = TiedNames::one);

/// Writes an `.npz` archive with an uncompressed `.npy` entry for each tensor, in the same steps as
/// write_safetensors(). `json` rows are not kept.
/// @throws Error unsupported, naming tensors whose dtype NumPy lacks.
LANCEKEEP_API ExportReport write_npz(const std::filesystem::path& path, TensorSource& source);

/// Writes the source's only tensor as an `.npy` file.
/// @throws Error invalid_argument if the source does not have exactly one tensor.
LANCEKEEP_API ExportReport write_npy(const std::filesystem::path& path, TensorSource& source);

struct ExportOptions {
  Metadata metadata;                  ///< only safetensors keeps it
  std::uint64_t max_shard_bytes = 0;  ///< only for safetensors; 0: one file of any size
  /// Only for safetensors: NumPy's files get all names.
  TiedNames tied_names = TiedNames::one;
  /// Writes only tensors whose names start with this, under the rest of their names. Empty: all.
  std::string strip_prefix;
};

/// Writes the kind of file that the extension of `path` names: `.safetensors`, `.npz` or `.npy`.
/// @throws Error invalid_argument for any other extension, and for `max_shard_bytes` with NumPy;
/// not_found if no name starts with `strip_prefix`.
LANCEKEEP_API ExportReport write_model_file(const std::filesystem::path& path, TensorSource& source,
                                            const ExportOptions& options = {});

}  // namespace lancekeep
