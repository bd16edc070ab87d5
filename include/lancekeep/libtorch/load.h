// SPDX-License-Identifier: Apache-2.0
// Loads a version of a store as torch tensors: memory-mapped copy-on-write, or copied into existing
// tensors. A mapped tensor keeps its mapping alive; writing to it changes a private copy of the
// page, never the file. Functions throw lancekeep::Error.
#pragma once

#include <lancekeep/libtorch/dtype.h>
#include <lancekeep/libtorch/names.h>
#include <lancekeep/libtorch/source.h>
#include <lancekeep/store.h>

#include <torch/ordered_dict.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lancekeep {

namespace libtorch {

/// torch multiplies sizes without checking for overflow, so a hostile shape must not reach it.
inline void check_shape(const std::string& name, const TensorView& view, c10::ScalarType type) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  auto span = static_cast<std::int64_t>(c10::elementSize(type));  // bytes, with 0 counted as 1
  bool empty = false;
  bool fits = true;
  for (const std::int64_t size : view.shape()) {
    empty = empty || size == 0;
    const std::int64_t factor = size == 0 ? 1 : size;
    fits = fits && size >= 0 && factor <= kMax / span;
    if (fits) span *= factor;
  }
  const std::uint64_t wanted = empty ? 0 : static_cast<std::uint64_t>(span);
  if (!fits || view.bytes().size() != wanted) {
    throw Error(ErrorCode::corrupt, "tensor '" + name + "' has dtype '" + view.dtype() +
                                        "' and shape " + c10::str(c10::IntArrayRef(view.shape())) +
                                        ", which its " + std::to_string(view.bytes().size()) +
                                        " bytes do not fill");
  }
}

/// One tensor of a version, without a copy. It must not be written to unless `access` is
/// copy_on_write.
[[nodiscard]] inline torch::Tensor map_tensor(const Version& version, const std::string& name,
                                              Access access) {
  const TensorView view = version.tensor(name, access);
  const c10::ScalarType type = require_scalar_type(name, view.dtype());
  check_shape(name, view, type);
  // For a quantized dtype, torch would create a quantized tensor, so the dtype is set afterwards.
  const c10::ScalarType made_as = c10::isQIntType(type) ? bits_type(type) : type;
  torch::Tensor tensor;
  if (view.bytes().empty()) {
    tensor = torch::empty(view.shape(), made_as);
  } else {
    auto* memory = const_cast<std::byte*>(view.bytes().data());
    tensor = torch::from_blob(memory, view.shape(), [owner = view.owner()](void*) {}, made_as);
  }
  return made_as == type ? tensor : tensor.view(type);
}

/// A recorded tie is followed only if both rows have the same dtype, shape and bytes.
[[nodiscard]] inline bool same_tensor(const torch::Tensor& a, const torch::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         (a.const_data_ptr() == b.const_data_ptr() || a.nbytes() == 0 ||
          std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0);
}

/// torch has no conversion for some pairs of dtypes, so this tries one value before any is copied.
inline void check_conversion(const std::string& name, c10::ScalarType from, c10::ScalarType to) {
  if (from == to) return;
  try {
    const auto one = [](c10::ScalarType type) {
      return torch::zeros({1}, bits_type(type)).view(type);
    };
    one(to).copy_(one(from));
  } catch (const c10::Error&) {
    throw Error(ErrorCode::unsupported, "tensor '" + name + "' is " + dtype_name(from) +
                                            " in the store and " + dtype_name(to) +
                                            " in the module, and torch has no conversion for that");
  }
}

inline void copy_values(torch::Tensor target, const torch::Tensor& values) {
  if (target.scalar_type() == values.scalar_type() && !target.is_conj() && !target.is_neg()) {
    as_bits(target).copy_(as_bits(values));
  } else {
    target.detach().copy_(values);
  }
}

/// Rejects targets that cannot be filled before the first one is changed.
/// `targets` are under the version's names.
inline void check_targets(const StateDict& targets, const Version& version) {
  std::map<std::string, const TensorInfo*> rows;
  for (const TensorInfo& row : version.tensors()) rows[row.name] = &row;
  std::string mismatches;
  for (const auto& [name, target] : targets) {
    if (const std::string reason = refusal(target); !reason.empty()) {
      throw Error(ErrorCode::invalid_argument, "the module's tensor '" + name + "' " + reason);
    }
    const TensorInfo& row = *rows.at(name);
    if (row.is_tensor() && target.sizes() == c10::IntArrayRef(row.shape)) continue;
    mismatches += (mismatches.empty() ? "" : "; ") + name + " is " +
                  (row.is_tensor() ? c10::str(c10::IntArrayRef(row.shape)) : row.dtype) +
                  " in the store and " + c10::str(target.sizes()) + " in the module";
  }
  if (!mismatches.empty()) {
    throw Error(ErrorCode::invalid_argument, "shapes differ: " + mismatches);
  }
}

inline LoadResult load_into(const StateDict& model, const Version& version,
                            std::optional<torch::Device> device, bool strict,
                            const std::string& prefix) {
  LoadResult keys = compare_keys(model, version, prefix);
  const std::set<std::string> absent(keys.missing_keys.begin(), keys.missing_keys.end());
  remove_tied(keys.missing_keys, model);
  require_names(model, version, keys, strict);
  StateDict targets;
  for (const auto& [name, target] : model) {
    if (!absent.contains(name)) targets.emplace_back(prefix + name, target);
  }
  check_targets(targets, version);
  std::vector<torch::Tensor> values;
  for (const auto& [name, target] : targets) {
    values.push_back(map_tensor(version, name, Access::read));
    check_conversion(name, values.back().scalar_type(), target.scalar_type());
  }
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    copy_values(targets[i].second, device ? values[i].to(*device) : values[i]);
  }
  return keys;
}

[[nodiscard]] inline torch::OrderedDict<std::string, torch::Tensor> load_dict(
    const Version& version, std::optional<torch::Device> device) {
  std::map<std::string, torch::Tensor> mapped;
  for (const TensorInfo& row : version.tensors()) {
    if (row.is_tensor() && !mapped.contains(row.name)) {
      mapped.emplace(row.name, map_tensor(version, row.name, Access::copy_on_write));
    }
  }
  torch::OrderedDict<std::string, torch::Tensor> result;
  // On `device` if it is set; the key is the name of the tie's target, or the tensor's own name.
  std::map<std::string, torch::Tensor> placed;
  for (const TensorInfo& row : version.tensors()) {
    if (!row.is_tensor() || result.contains(row.name)) continue;
    const torch::Tensor& own = mapped.at(row.name);
    const auto target = mapped.find(row.tied_to.value_or(row.name));
    const bool tied = target != mapped.end() && same_tensor(own, target->second);
    const auto [place, is_new] = placed.try_emplace(tied ? target->first : row.name);
    if (is_new) {
      const torch::Tensor& values = tied ? target->second : own;
      place->second = device ? values.to(*device) : values;
    }
    result.insert(row.name, place->second.detach());
  }
  return result;
}

}  // namespace libtorch
}  // namespace lancekeep
