// SPDX-License-Identifier: Apache-2.0
#include "formats/whole_model.h"

#include <lancekeep/error.h>

#include "io/utf8.h"
#include "kinds/place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <system_error>
#include <tuple>

namespace lancekeep::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDigits = 9;
constexpr std::size_t kMostNamedFiles = 10;
// A folder with more entries is not a model's folder.
constexpr std::size_t kMostEntries = 100'000;
constexpr std::uint64_t kMostShards = 100'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string quoted_list(const std::vector<std::string>& names) {
  std::vector<std::string> first;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamedFiles); ++i) {
    first.push_back("`" + io::printable(names[i]) + "`");
  }
  const std::size_t more = names.size() - first.size();
  return fmt::format("{}{}", fmt::join(first, ", "), more ? fmt::format(" and {} more", more) : "");
}

}  // namespace

std::optional<ShardName> parse_shard_name(const std::string& name) {
  constexpr std::string_view kOf = "-of-";
  const std::size_t of = name.rfind(kOf);
  if (of == std::string::npos) return std::nullopt;
  std::size_t start = of;
  while (start > 0 && is_digit(name[start - 1])) --start;
  std::size_t end = of + kOf.size();
  while (end < name.size() && is_digit(name[end])) ++end;
  const std::size_t digits = of - start;
  const bool has_separator = start > 0 && (name[start - 1] == '-' || name[start - 1] == '_');
  if (!has_separator || digits == 0 || digits > kMostDigits || end - of - kOf.size() != digits) {
    return std::nullopt;
  }
  ShardName shard{name.substr(0, start), name.substr(end), digits};
  shard.number = std::stoull(name.substr(start, digits));
  shard.total = std::stoull(name.substr(of + kOf.size(), digits));
  if (shard.total == 0 || shard.number > shard.total) return std::nullopt;
  return shard;
}

namespace {

std::string shard_file(const ShardName& shard, std::uint64_t number) {
  return fmt::format("{}{:0{}}-of-{:0{}}{}", shard.start, number, shard.digits, shard.total,
                     shard.digits, shard.end);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at is reported when it is opened
  return fs::is_regular_file(path, ignored);
}

// Returns the index beside the files: `model.safetensors.index.json` for
// `model-00001-of-00003.safetensors`. With a variant, either `model.fp16.safetensors.index.json` or
// `model.safetensors.index.fp16.json`.
std::optional<fs::path> index_of(const fs::path& folder, const ShardName& shard) {
  const std::string stem = shard.start.substr(0, shard.start.size() - 1);
  const std::size_t dot = shard.end.rfind('.');
  const std::string ending = dot == std::string::npos ? "" : shard.end.substr(dot);
  const std::string variant = dot == std::string::npos ? shard.end : shard.end.substr(0, dot);
  std::vector<std::string> names = {stem + shard.end + ".index.json",
                                    stem + ending + ".index" + variant + ".json",
                                    stem + ending + ".index.json"};
  if (const std::size_t at = stem.rfind('.'); at != std::string::npos) {
    names.push_back(stem.substr(0, at) + ending + ".index" + stem.substr(at) + ".json");
  }
  for (const std::string& name : names) {
    if (is_file(folder / name)) return folder / name;
  }
  return std::nullopt;
}

[[noreturn]] void reject_shard(const fs::path& path, const ShardName& shard,
                               const fs::path& index) {
  throw Error(ErrorCode::invalid_argument,
              fmt::format("this is one of the {} files of a model, which is opened by its index; "
                          "give `{}` instead",
                          shard.total, index.string()),
              path.string());
}

// Returns the names of all files of the model. Some programs count from 0 to total - 1.
std::vector<std::string> all_shards(const fs::path& path, const ShardName& shard) {
  const fs::path folder = path.parent_path();
  if (shard.total > kMostShards) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the name says that the model has {} files; at most {} are supported",
                            shard.total, kMostShards),
                path.string());
  }
  const std::uint64_t first = is_file(folder / shard_file(shard, 0)) ? 0 : 1;
  std::vector<std::string> names;
  std::vector<std::string> missing;
  for (std::uint64_t number = first; number < first + shard.total; ++number) {
    const std::string name = shard_file(shard, number);
    (is_file(folder / name) ? names : missing).push_back(name);
  }
  if (missing.empty()) return names;
  throw Error(ErrorCode::not_found,
              fmt::format("this is one of the {} files of a model, but these are not beside it: "
                          "{}; was the download cut short?",
                          shard.total, quoted_list(missing)),
              path.string());
}

WholeModel model_of_shard(const fs::path& path, const ShardName& shard) {
  if (const auto index = index_of(path.parent_path(), shard)) reject_shard(path, shard, *index);
  if (shard.total == 1) return {path, {}, {}};
  const std::vector<std::string> names = all_shards(path, shard);
  return {path.parent_path() / names.front(), names,
          fmt::format("the model consists of {} files without an index, {} to `{}`; all were read",
                      names.size(), "`" + io::printable(names.front()) + "`",
                      io::printable(names.back()))};
}

// --- folders ---

constexpr auto kEndings = std::to_array<std::string_view>(
    {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".npz", ".npy"});

bool is_index(const std::string& name) {
  return name.ends_with(".json") && name.find(".index.") != std::string::npos;
}

// Returns the ending of a model file or of the files of an index; empty for any other file.
std::string_view model_ending(const std::string& name) {
  const auto has = [&](std::string_view ending) {
    return name.ends_with(ending) ||
           (is_index(name) && name.find(std::string(ending) + ".index.") != std::string::npos);
  };
  const auto* found = std::find_if(kEndings.begin(), kEndings.end(), has);
  return found == kEndings.end() ? std::string_view() : *found;
}

// Returns the names of the models in the folder: single files, indexes, and the first of several
// files without an index.
std::vector<std::string> models_in(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  std::size_t entries = 0;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (++entries > kMostEntries) break;
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || model_ending(name).empty() || !is_file(entry->path())) continue;
    const auto shard = parse_shard_name(name);
    if (!shard || is_index(name)) {
      names.insert(name);
    } else if (!index_of(folder, *shard)) {
      const bool from_zero = is_file(folder / shard_file(*shard, 0));
      names.insert(shard_file(*shard, from_zero ? 0 : 1));
    }
  }
  return {names.begin(), names.end()};
}

// Folders of other formats can have files with a model's endings: DeepSpeed's have many .pt files.
[[noreturn]] void reject_folder(const fs::path& folder, const std::vector<std::string>& models) {
  const auto* kind = kinds::find_folder_kind(folder);
  if (kind != nullptr && !kind->has_model) {
    throw Error(ErrorCode::invalid_argument, kinds::describe(*kind), folder.string());
  }
  throw Error(ErrorCode::invalid_argument,
              models.empty()
                  ? std::string("this folder is not a Lance dataset and has no model file: no "
                                ".safetensors, .pth, .pt, .bin, .ckpt, .npz or .npy")
                  : fmt::format("this folder has several models, {}; give the file of one",
                                quoted_list(models)),
              folder.string());
}

// A folder of the Hub often has other files beside the weights, such as optimizer.pt, and the same
// weights in a second format. safetensors go first.
WholeModel model_in_folder(const fs::path& folder) {
  const std::vector<std::string> names = models_in(folder);
  std::vector<std::string> chosen;
  std::ranges::copy_if(names, std::back_inserter(chosen), [](const std::string& name) {
    return model_ending(name) == ".safetensors";
  });
  if (chosen.empty()) chosen = names;
  if (chosen.size() != 1) reject_folder(folder, chosen);
  WholeModel model{folder / chosen.front(), {}, {}};
  if (const auto shard = parse_shard_name(chosen.front()); shard && !is_index(chosen.front())) {
    model = model_of_shard(model.path, *shard);
  }
  std::vector<std::string> others;
  std::ranges::copy_if(names, std::back_inserter(others),
                       [&](const std::string& name) { return name != chosen.front(); });
  model.note = fmt::format("of the folder, `{}` was read", io::printable(chosen.front()));
  if (!others.empty()) model.note += fmt::format("; not {}", quoted_list(others));
  return model;
}

}  // namespace

WholeModel find_whole_model(const fs::path& path) {
  std::error_code ignored;  // opening it reports the error
  if (fs::is_directory(path / "_versions", ignored)) return {path, {}, {}};  // a Lance dataset
  if (fs::is_directory(path, ignored)) return model_in_folder(path);
  const std::string name = path.filename().string();
  const auto shard = parse_shard_name(name);
  const bool is_numbered = shard && !is_index(name) && is_file(path);
  return is_numbered ? model_of_shard(path, *shard) : WholeModel{path, {}, {}};
}

std::vector<fs::path> find_whole_models(std::span<const fs::path> paths) {
  std::vector<fs::path> models;
  std::set<std::tuple<fs::path, std::string, std::string, std::uint64_t>> seen;
  for (const fs::path& path : paths) {
    const std::string name = path.filename().string();
    const auto shard = parse_shard_name(name);
    if (!shard || shard->total == 1 || is_index(name) || !is_file(path)) {
      models.push_back(path);
      continue;
    }
    const WholeModel model = model_of_shard(path, *shard);
    if (seen.emplace(path.parent_path(), shard->start, shard->end, shard->total).second) {
      models.push_back(model.path);
    }
  }
  return models;
}

}  // namespace lancekeep::formats
