// SPDX-License-Identifier: Apache-2.0
// Implements open_model_file() and write_model_file() of <lancekeep/formats.h>. Each kind of file
// has a folder with its reader and its writer. src/kinds/ tells what a file is, also for files that
// people often open by mistake, so that the error can say what to do.
#include <lancekeep/formats.h>
#include <lancekeep/tensors.h>

#include "formats/numpy/numpy_reader.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/sharded_reader.h"
#include "formats/torch/torch_file.h"
#include "formats/torch/torch_reader.h"
#include "formats/whole_model.h"
#include "formats/zip/zip_archive.h"
#include "io/input_file.h"
#include "io/utf8.h"
#include "kinds/file_kinds.h"
#include "kinds/place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace lancekeep {
namespace {

constexpr std::string_view kSupportedKinds =
    "; supported are .safetensors files, .pth, .pt and .bin files of torch.save, the .index.json "
    "of several such files, and .npz and .npy files of NumPy";

[[noreturn]] void reject(const io::InputFile& file, const std::string& problem) {
  throw Error(ErrorCode::unsupported, problem, file.name());
}

[[noreturn]] void reject_json(const io::InputFile& file) {
  reject(file, "this is JSON text, but not the index of a sharded model, which has a `weight_map`" +
                   std::string(kSupportedKinds));
}

[[noreturn]] void reject_unknown(const io::InputFile& file, std::string_view head) {
  if (head.empty()) {
    throw Error(ErrorCode::corrupt,
                "the file is empty: a download or a copy of it was probably never finished",
                file.name());
  }
  reject(file, fmt::format("no model file starts with `{}`{}", io::printable(head.substr(0, 16)),
                           kSupportedKinds));
}

void reject_folder(const std::filesystem::path& path) {
  std::error_code ignored;  // opening the file reports the error
  if (!std::filesystem::is_directory(path, ignored)) return;
  const auto* kind = kinds::find_folder_kind(path);
  const std::string what =
      std::filesystem::is_directory(path / "_versions", ignored)
          ? "this is a Lance dataset, not a model file: open it as a store"
      : kind ? kinds::describe(*kind)
             : "this is a folder, expected a model file" + std::string(kSupportedKinds);
  throw Error(ErrorCode::invalid_argument, what, path.string());
}

// Says more than "no such file" where it can.
io::InputFile open_file(const std::filesystem::path& path) {
  try {
    return io::InputFile(path);
  } catch (const Error& error) {
    const std::string why =
        error.code() == ErrorCode::not_found ? kinds::why_missing(path) : std::string();
    if (why.empty()) throw;
    throw Error(ErrorCode::not_found, why, path.string());
  }
}

// What a zip archive is that neither torch.save nor numpy.savez wrote, and what to do with it.
std::string other_zip(const formats::ZipArchive& archive) {
  constexpr std::array kModelEndings = {".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".npz"};
  std::string model;
  for (const formats::ZipEntry& entry : archive.entries()) {
    const std::filesystem::path name(entry.name);
    if (name.filename() == "archive_format" ||
        entry.name.ends_with("serialized_exported_program.json")) {
      return "this is a .pt2 archive, a program with weights: load it with torch.export.load and "
             "save its state_dict with torch.save";
    }
    if (entry.name == "model.weights.h5") {
      return "this is a Keras archive: load it with Keras, and save the arrays of its weights with "
             "numpy.savez";
    }
    const bool is_model = std::ranges::find(kModelEndings, name.extension()) != kModelEndings.end();
    if (is_model && model.empty()) model = entry.name;
  }
  if (model.empty()) return "";
  return fmt::format("this is a zip archive with `{}` in it: unpack it, then import that file",
                     io::printable(model));
}

std::unique_ptr<TensorSource> open_zip(const io::InputFile& file, io::MemoryBudget& budget,
                                       const ImportOptions& options) {
  const formats::ZipArchive archive(file, budget);
  if (formats::is_npz(archive)) {
    return formats::open_npz(file, archive, budget, options.void_dtype);
  }
  const bool is_torch = std::ranges::any_of(archive.entries(), [](const formats::ZipEntry& entry) {
    return entry.name.ends_with("/data.pkl");
  });
  if (const std::string other = is_torch ? "" : other_zip(archive); !other.empty()) {
    reject(file, other);
  }
  return formats::open_torch_checkpoint(formats::open_torch_zip(file, archive, budget),
                                        options.skip_objects);
}

io::ByteView head_of(const io::InputFile& file) {
  return file.read(0, std::min(file.size(), kinds::kHeadLength), "the file's start");
}

std::string stem_of(const io::InputFile& file) {
  return std::filesystem::path(file.name()).stem().string();
}

std::unique_ptr<TensorSource> open_single_file(const io::InputFile& file, std::string_view head,
                                               const kinds::FileKind* kind,
                                               io::MemoryBudget& budget,
                                               const ImportOptions& options) {
  if (kind == nullptr) reject_unknown(file, head);
  switch (kind->reader) {
    case kinds::Reader::safetensors:
      return formats::open_safetensors(file, budget);
    case kinds::Reader::zip:
      return open_zip(file, budget, options);
    case kinds::Reader::npy:
      return formats::open_npy(file, stem_of(file), options.void_dtype);
    case kinds::Reader::pickle:
      return formats::open_torch_checkpoint(
          formats::open_torch_legacy(file, budget, options.skip_objects), options.skip_objects);
    case kinds::Reader::index:
      reject_json(file);
    case kinds::Reader::none:
      break;
  }
  reject(file, kinds::describe(*kind));
}

formats::OpenShard shard_opener(const ImportOptions& options) {
  return [options](const io::InputFile& file, io::MemoryBudget& budget) {
    const io::ByteView head = head_of(file);
    return open_single_file(file, head.text(), kinds::find_file_kind(file.name(), head.text()),
                            budget, options);
  };
}

}  // namespace

std::unique_ptr<TensorSource> open_model_file(const std::filesystem::path& path,
                                              const ImportOptions& options) {
  reject_folder(path);
  const io::InputFile file = open_file(path);
  const io::ByteView start = head_of(file);
  const auto* kind = kinds::find_file_kind(path, start.text());
  if (kind != nullptr && kind->reader == kinds::Reader::index) {
    auto source = formats::open_shards(file, path.parent_path(), shard_opener(options));
    if (!source) reject_json(file);
    return source;
  }
  io::MemoryBudget budget(file);
  return open_single_file(file, start.text(), kind, budget, options);
}

std::unique_ptr<TensorSource> open_model(const std::filesystem::path& path,
                                         const ImportOptions& options) {
  const formats::WholeModel model = formats::find_whole_model(path);
  auto source = model.shards.empty()
                    ? open_model_file(model.path, options)
                    : formats::open_shards_without_index(model.path.parent_path(), model.shards,
                                                         shard_opener(options));
  if (model.note.empty()) return source;
  return std::make_unique<formats::NotedSource>(std::move(source), model.note);
}

bool can_skip_objects(const std::filesystem::path& path, const ImportOptions& options,
                      const Error& error) {
  const bool may_have_objects =
      error.code() == ErrorCode::unsafe || error.code() == ErrorCode::unsupported;
  if (options.skip_objects || !may_have_objects || io::MemoryBudget::was_exceeded(error)) {
    return false;
  }
  ImportOptions without = options;
  without.skip_objects = true;
  try {
    return !open_model(path, without)->tensors().empty();
  } catch (const Error&) {
    return false;
  }
}

std::vector<std::filesystem::path> model_paths(std::span<const std::filesystem::path> paths) {
  return formats::find_whole_models(paths);
}

namespace {

constexpr std::string_view kIndexEnding = ".safetensors.index.json";

bool is_torch_name(std::string_view ending) {
  return ending == ".pth" || ending == ".pt" || ending == ".bin" || ending == ".ckpt";
}

[[noreturn]] void reject_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::string ending = path.extension().string();
  std::string found = ending.empty() ? "a name without an ending" : "`" + ending + "`";
  if (is_torch_name(ending)) found += ", a pickle, which Lancekeep does not write";
  if (name.ends_with(kIndexEnding)) {
    const std::string stem = name.substr(0, name.size() - kIndexEnding.size());
    found = fmt::format(
        "an index, which is written together with its shards; use the name `{}.safetensors`", stem);
  }
  throw Error(
      ErrorCode::invalid_argument,
      fmt::format("expected a name that ends in .safetensors, .npz or .npy, found {}", found),
      path.string());
}

void reject_shards(const std::filesystem::path& path, std::uint64_t max_shard_bytes) {
  if (max_shard_bytes == 0) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("only .safetensors can be written in shards; {} is always one file",
                          path.extension().string()),
              path.string());
}

// NumPy's files contain only arrays. Their writers report the source's metadata as not kept; this
// reports the metadata that the caller gave.
void note_metadata(ExportReport& report, const TensorSource& source, Metadata given) {
  for (const auto& [key, value] : source.metadata()) given.erase(key);
  std::vector<std::string> keys;
  for (const auto& [key, value] : given) keys.push_back("`" + key + "`");
  if (keys.empty()) return;
  report.not_kept.push_back(fmt::format("the given metadata: {}", fmt::join(keys, ", ")));
}

}  // namespace

ExportReport write_model_file(const std::filesystem::path& path, TensorSource& source,
                              const ExportOptions& options) {
  if (!options.strip_prefix.empty()) {
    const std::shared_ptr<TensorSource> borrowed(std::shared_ptr<void>(), &source);
    WithoutPrefix stripped(borrowed, options.strip_prefix);
    ExportOptions rest = options;
    rest.strip_prefix.clear();
    return write_model_file(path, stripped, rest);
  }
  const std::string ending = path.extension().string();
  if (ending == ".safetensors") {
    if (options.max_shard_bytes == 0) {
      return write_safetensors(path, source, options.metadata, options.tied_names);
    }
    return write_sharded_safetensors(path, source, options.max_shard_bytes, options.metadata,
                                     options.tied_names);
  }
  if (ending != ".npz" && ending != ".npy") reject_name(path);
  reject_shards(path, options.max_shard_bytes);
  ExportReport report = ending == ".npz" ? write_npz(path, source) : write_npy(path, source);
  note_metadata(report, source, options.metadata);
  return report;
}

}  // namespace lancekeep
