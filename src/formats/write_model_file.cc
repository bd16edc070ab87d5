// SPDX-License-Identifier: Apache-2.0
// write_model_file() of <lancekeep/formats.h>: a name's ending says what kind of file is written.
#include <lancekeep/formats.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

namespace lancekeep {
namespace {

constexpr std::string_view kIndexEnding = ".safetensors.index.json";

bool is_torch_name(std::string_view ending) {
  return ending == ".pth" || ending == ".pt" || ending == ".bin" || ending == ".ckpt";
}

[[noreturn]] void refuse_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::string ending = path.extension().string();
  std::string found = ending.empty() ? "a name without an ending" : "`" + ending + "`";
  if (is_torch_name(ending)) found += ", a pickle, which is not written";
  if (name.ends_with(kIndexEnding)) {
    const std::string stem = name.substr(0, name.size() - kIndexEnding.size());
    found =
        fmt::format("an index, which is made where there are shards; name `{}.safetensors`", stem);
  }
  throw Error(
      ErrorCode::invalid_argument,
      fmt::format("expected a name that ends in .safetensors, .npz or .npy, found {}", found),
      path.string());
}

void refuse_shards(const std::filesystem::path& path, std::uint64_t max_shard_bytes) {
  if (max_shard_bytes == 0) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("only .safetensors is written in shards; {} is one file, whatever its "
                          "size",
                          path.extension().string()),
              path.string());
}

// NumPy's files hold arrays alone. What the source's own metadata is, their writers say.
void note_metadata(ExportReport& report, const TensorSource& source, Metadata given) {
  for (const auto& [key, value] : source.metadata()) given.erase(key);
  std::vector<std::string> keys;
  for (const auto& [key, value] : given) keys.push_back("`" + key + "`");
  if (keys.empty()) return;
  report.not_kept.push_back(fmt::format("the metadata given: {}", fmt::join(keys, ", ")));
}

}  // namespace

ExportReport write_model_file(const std::filesystem::path& path, TensorSource& source,
                              const ExportOptions& options) {
  const std::string ending = path.extension().string();
  if (ending == ".safetensors") {
    if (options.max_shard_bytes == 0) return write_safetensors(path, source, options.metadata);
    return write_sharded_safetensors(path, source, options.max_shard_bytes, options.metadata);
  }
  if (ending != ".npz" && ending != ".npy") refuse_name(path);
  refuse_shards(path, options.max_shard_bytes);
  ExportReport report = ending == ".npz" ? write_npz(path, source) : write_npy(path, source);
  note_metadata(report, source, options.metadata);
  return report;
}

}  // namespace lancekeep
