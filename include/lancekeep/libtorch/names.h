// SPDX-License-Identifier: Apache-2.0
// Compares the names of a model's tensors with those of a version, and says what to do if they
// differ: a prefix, tied tensors.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/libtorch/source.h>
#include <lancekeep/store.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace lancekeep {

struct LoadResult {
  std::vector<std::string> missing_keys;     ///< in the module, not in the version
  std::vector<std::string> unexpected_keys;  ///< in the version, not in the module
};

namespace libtorch {

[[nodiscard]] inline std::string join(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// The bytes of its storage that a tensor spans.
struct Extent {
  const void* storage;
  std::int64_t begin, end;
};

/// Unset if the tensor has no bytes in memory.
[[nodiscard]] inline std::optional<Extent> extent(const torch::Tensor& tensor) {
  if (!refusal(tensor).empty() || tensor.numel() == 0) return std::nullopt;
  std::int64_t last = tensor.storage_offset();
  for (std::int64_t d = 0; d < tensor.dim(); ++d) last += (tensor.size(d) - 1) * tensor.stride(d);
  const auto width = static_cast<std::int64_t>(tensor.element_size());
  return Extent{tensor.storage().unsafeGetStorageImpl(), tensor.storage_offset() * width,
                (last + 1) * width};
}

/// Removes names whose memory is filled under another name: a tied tensor that a file has once.
inline void remove_tied(std::vector<std::string>& missing, const StateDict& model) {
  const std::set<std::string> is_missing(missing.begin(), missing.end());
  std::vector<Extent> filled;
  for (const auto& [name, tensor] : model) {
    const std::optional<Extent> bytes = is_missing.contains(name) ? std::nullopt : extent(tensor);
    if (bytes && bytes->end - bytes->begin == static_cast<std::int64_t>(tensor.nbytes())) {
      filled.push_back(*bytes);
    }
  }
  for (const auto& [name, tensor] : model) {
    const std::optional<Extent> bytes = is_missing.contains(name) ? extent(tensor) : std::nullopt;
    const bool tied = bytes && std::ranges::any_of(filled, [&](const Extent& other) {
                        return other.storage == bytes->storage && other.begin <= bytes->begin &&
                               bytes->end <= other.end;
                      });
    if (tied) std::erase(missing, name);
  }
}

/// `prefix` is removed from the version's names; rows without it are not compared.
[[nodiscard]] inline LoadResult compare_keys(const StateDict& wanted, const Version& version,
                                             const std::string& prefix) {
  std::set<std::string> in_model;
  std::set<std::string> in_store;
  LoadResult result;
  for (const auto& entry : wanted) in_model.insert(entry.first);
  for (const TensorInfo& row : version.tensors()) {
    if (!row.name.starts_with(prefix)) continue;
    const std::string name = row.name.substr(prefix.size());
    const bool is_new = in_store.insert(name).second;
    if (is_new && row.dtype != "tree" && !in_model.contains(name)) {
      result.unexpected_keys.push_back(name);
    }
  }
  for (const auto& entry : wanted) {
    if (!in_store.contains(entry.first)) result.missing_keys.push_back(entry.first);
  }
  return result;
}

/// The prefix, ending in a dot, without which most names of `longer` are in `shorter`; empty if
/// there is none, or if more are as they are.
[[nodiscard]] inline std::string shared_prefix(const std::vector<std::string>& longer,
                                               const std::set<std::string>& shorter) {
  std::map<std::string, std::size_t> counts;
  std::size_t most = 0;
  for (const std::string& name : longer) {
    most += shorter.contains(name) ? 1U : 0U;
    for (std::size_t dot = name.find('.'); dot != std::string::npos;
         dot = name.find('.', dot + 1)) {
      if (shorter.contains(name.substr(dot + 1))) ++counts[name.substr(0, dot + 1)];
    }
  }
  std::string best;
  for (const auto& [prefix, count] : counts) {
    if (count > most) std::tie(best, most) = std::pair(prefix, count);
  }
  return best;
}

/// What to do if names differ; empty if nothing is known to help.
[[nodiscard]] inline std::string advice(const StateDict& model, const Version& version) {
  std::vector<std::string> in_model;
  std::vector<std::string> in_store;
  for (const auto& entry : model) in_model.push_back(entry.first);
  for (const TensorInfo& row : version.tensors()) {
    if (row.is_tensor()) in_store.push_back(row.name);
  }
  if (const std::string prefix = shared_prefix(in_store, {in_model.begin(), in_model.end()});
      !prefix.empty()) {
    return ". The names match if those in the version start with `" + prefix +
           "`: pass prefix = \"" + prefix + "\" to load_model()";
  }
  if (const std::string prefix = shared_prefix(in_model, {in_store.begin(), in_store.end()});
      !prefix.empty()) {
    return ". The names of the module start with `" + prefix +
           "`, which those in the version lack: load into the module of that name inside it";
  }
  return {};
}

/// With `strict`, both must have the same names; without, at least one in common.
inline void require_names(const StateDict& model, const Version& version, const LoadResult& keys,
                          bool strict) {
  const bool differ = !keys.missing_keys.empty() || !keys.unexpected_keys.empty();
  const bool common = keys.missing_keys.size() < model.size() || model.empty();
  if (!differ || (common && !strict)) return;
  throw Error(ErrorCode::invalid_argument,
              "the module and version " + std::to_string(version.number()) +
                  (common ? " do not have the same tensors" : " have no name in common") +
                  "; missing in the version: " + join(keys.missing_keys) + "; unexpected in it: " +
                  join(keys.unexpected_keys) + "; nothing was loaded" + advice(model, version));
}

}  // namespace libtorch
}  // namespace lancekeep
