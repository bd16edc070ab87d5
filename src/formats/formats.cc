// SPDX-License-Identifier: Apache-2.0
// Implements open_model_file() and write_model_file() of <lancekeep/formats.h>. Each kind of file
// has a folder with its reader and its writer. A file's kind is detected from its first bytes.
// Files that people often open by mistake are detected, too, so that the error can say what to do.
#include <lancekeep/formats.h>

#include "formats/numpy/numpy_reader.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/sharded_reader.h"
#include "formats/torch/torch_file.h"
#include "formats/torch/torch_reader.h"
#include "formats/whole_model.h"
#include "io/input_file.h"
#include "io/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace lancekeep {
namespace {

constexpr std::string_view kSupportedKinds =
    "; supported are .safetensors files, .pth, .pt and .bin files of torch.save, the .index.json "
    "of several such files, and .npz and .npy files of NumPy";
constexpr std::uint64_t kTarMagicAt = 257;
constexpr std::uint64_t kHeadLength = 512;

// Expects a header length below 2^56 and the start of a JSON object.
bool is_safetensors(std::string_view head) {
  return head.size() > 8 && head[7] == 0 && head[8] == '{';
}
bool is_zip(std::string_view head) {
  using namespace std::string_view_literals;
  return head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv);
}
// Expects the opcode PROTO and a protocol that torch.save supports.
bool is_pickle(std::string_view head) {
  return head.size() > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}
bool is_tar(std::string_view head) {
  return head.size() > kTarMagicAt && head.substr(kTarMagicAt).starts_with("ustar");
}

bool is_json(std::string_view head) {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  return first != head.npos && head[first] == '{';
}

bool starts_like_html(std::string_view head) {
  std::string start(head.substr(0, 200));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  if (first == start.npos) return false;
  const std::string_view text = std::string_view(start).substr(first);
  return text.starts_with("<!doctype html") || text.starts_with("<html");
}

// Says what a file of unknown kind is, and what to do about it.
std::string advice(std::string_view head) {
  if (head.starts_with("version https://git-lfs")) {
    return "this is a Git LFS pointer, not the model itself: run `git lfs pull` to fetch it";
  }
  if (starts_like_html(head)) {
    return "this is an HTML page: the download returned a web page, perhaps a login or an error, "
           "instead of the model";
  }
  if (is_tar(head)) {
    return "this is a tar archive, perhaps of torch.save before 0.1.10; load it with torch and "
           "save its state_dict() again";
  }
  if (is_json(head)) {
    return "this is JSON text, but not the index of a sharded model, which has a `weight_map`";
  }
  return fmt::format("no model file starts with `{}`", io::printable(head.substr(0, 16)));
}

[[noreturn]] void reject(const io::InputFile& file, std::string_view head) {
  if (head.empty()) throw Error(ErrorCode::corrupt, "the file is empty", file.name());
  throw Error(ErrorCode::unsupported, advice(head) + std::string(kSupportedKinds), file.name());
}

void reject_folder(const std::filesystem::path& path) {
  std::error_code ignored;  // opening the file reports the error
  if (!std::filesystem::is_directory(path, ignored)) return;
  const bool is_dataset = std::filesystem::is_directory(path / "_versions", ignored);
  throw Error(ErrorCode::invalid_argument,
              (is_dataset ? "this is a Lance dataset, not a model file: open it as a store"
                          : "this is a folder, expected a model file") +
                  std::string(kSupportedKinds),
              path.string());
}

std::unique_ptr<TensorSource> open_zip(const io::InputFile& file, io::MemoryBudget& budget,
                                       const ImportOptions& options) {
  const formats::ZipArchive archive(file, budget);
  if (formats::is_npz(archive)) {
    return formats::open_npz(file, archive, budget, options.void_dtype);
  }
  return formats::open_torch_checkpoint(formats::open_torch_zip(file, archive, budget),
                                        options.skip_objects);
}

io::ByteView head_of(const io::InputFile& file) {
  return file.read(0, std::min(file.size(), kHeadLength), "the file's start");
}

std::string stem_of(const io::InputFile& file) {
  return std::filesystem::path(file.name()).stem().string();
}

std::unique_ptr<TensorSource> open_single_file(const io::InputFile& file, std::string_view head,
                                               io::MemoryBudget& budget,
                                               const ImportOptions& options) {
  // Checks for safetensors first, because the bytes of a header's length can look like the start of
  // any other kind.
  if (is_safetensors(head)) return formats::open_safetensors(file, budget);
  if (is_zip(head)) return open_zip(file, budget, options);
  if (head.starts_with(formats::kNpyMagic)) {
    return formats::open_npy(file, stem_of(file), options.void_dtype);
  }
  if (is_tar(head)) reject(file, head);
  if (is_pickle(head)) {
    return formats::open_torch_checkpoint(
        formats::open_torch_legacy(file, budget, options.skip_objects), options.skip_objects);
  }
  reject(file, head);
}

formats::OpenShard shard_opener(const ImportOptions& options) {
  return [options](const io::InputFile& file, io::MemoryBudget& budget) {
    return open_single_file(file, head_of(file).text(), budget, options);
  };
}

}  // namespace

std::unique_ptr<TensorSource> open_model_file(const std::filesystem::path& path,
                                              const ImportOptions& options) {
  reject_folder(path);
  const io::InputFile file(path);
  const io::ByteView start = head_of(file);
  if (is_json(start.text()) && !is_safetensors(start.text())) {
    auto source = formats::open_shards(file, path.parent_path(), shard_opener(options));
    if (!source) reject(file, start.text());
    return source;
  }
  io::MemoryBudget budget(file);
  return open_single_file(file, start.text(), budget, options);
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
  const std::string ending = path.extension().string();
  if (ending == ".safetensors") {
    if (options.max_shard_bytes == 0) return write_safetensors(path, source, options.metadata);
    return write_sharded_safetensors(path, source, options.max_shard_bytes, options.metadata);
  }
  if (ending != ".npz" && ending != ".npy") reject_name(path);
  reject_shards(path, options.max_shard_bytes);
  ExportReport report = ending == ".npz" ? write_npz(path, source) : write_npy(path, source);
  note_metadata(report, source, options.metadata);
  return report;
}

}  // namespace lancekeep
