// SPDX-License-Identifier: Apache-2.0
// LibTorch modules and dictionaries in and out of a store. Header-only; needs LibTorch 2.4 or
// newer.
//
// "Model" below is a torch::nn::Module, a std::shared_ptr or holder of one, a
// torch::OrderedDict<std::string, torch::Tensor>, or a vector of pairs of name and tensor. The
// names are those of Python's state_dict(), so both languages read each other's stores.
#pragma once

#include <lancekeep/libtorch/load.h>
#include <lancekeep/libtorch/source.h>
#include <lancekeep/store.h>

#include <filesystem>
#include <optional>

namespace lancekeep {

/// Saves a model. With `version` it becomes a new version of the store at `path` (version 1 where
/// nothing is); without, the store has this one version afterwards, whatever it had before.
/// @throws Error invalid_argument, before anything is written, for a tensor whose values cannot be
/// kept.
template <class Model>
SaveReport save_model(const Model& model, const std::filesystem::path& path, bool version = false,
                      const SaveOptions& options = {}) {
  TorchSource source(state_dict(model));
  return version ? Store::create(path).save(source, options)
                 : Store::replace(path, source, options);
}

/// Copies a version's values into the model's own tensors, which keep their dtype and device;
/// values are converted. `device` is where they are converted, as Python's `map_location`; most
/// callers need none. With `strict`, missing and unexpected names are an error; shapes must agree
/// always. Where an error is thrown, the model is unchanged, unless torch itself fails while it
/// copies.
template <class Model>
LoadResult load_model(Model&& model, const std::filesystem::path& path, const Ref& version = 1,
                      std::optional<torch::Device> device = std::nullopt, bool strict = true) {
  return libtorch::load_into(state_dict(model), Store::open(path).at(version), device, strict);
}

/// All tensors of a version in model order: mapped from the file, without a copy, or moved to
/// `device`. Tied tensors share one storage. Rows that are not tensors are left out.
[[nodiscard]] inline torch::OrderedDict<std::string, torch::Tensor> load_state_dict(
    const std::filesystem::path& path, const Ref& version = 1,
    std::optional<torch::Device> device = std::nullopt) {
  return libtorch::load_dict(Store::open(path).at(version), device);
}

}  // namespace lancekeep
