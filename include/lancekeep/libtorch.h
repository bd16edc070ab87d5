// SPDX-License-Identifier: Apache-2.0
// Saves LibTorch modules and dictionaries and loads them. Header-only; needs LibTorch 2.4 or newer.
// Functions throw lancekeep::Error. Any thread may call them, as long as no other thread uses the
// model.
//
// A "Model" below is a torch::nn::Module, a std::shared_ptr or holder of one, a
// torch::OrderedDict<std::string, torch::Tensor>, or a vector of (name, tensor) pairs. Names are
// those of Python's state_dict(), so both languages read each other's stores.
#pragma once

#include <lancekeep/libtorch/load.h>
#include <lancekeep/libtorch/own_archive.h>
#include <lancekeep/libtorch/source.h>
#include <lancekeep/store.h>

#include <filesystem>
#include <optional>
#include <string>

namespace lancekeep {

/// Saves a model. With `version`, the model becomes a new version of the store at `path`, which is
/// created if it does not exist. Without, it becomes the store's only version and replaces all
/// others.
/// @throws Error invalid_argument, before anything is written, for a tensor whose values cannot be
/// saved; unsupported for a module that overrides save() or load(), alone or as a child.
template <class Model>
SaveReport save_model(const Model& model, const std::filesystem::path& path, bool version = false,
                      const SaveOptions& options = {}) {
  libtorch::require_default_archive(model);
  TorchSource source(state_dict(model));
  return version ? Store::create(path).save(source, options)
                 : Store::replace(path, source, options);
}

/// Copies a version's values into the model's tensors, which keep their dtype and device. Values
/// are converted, on `device` if it is set (Python's `map_location`). With `strict`, missing and
/// unexpected names are an error; without, it is one if no name is in common. Shapes must always
/// match. A name is not missing if its tensor is filled under another name: a tied one. With
/// `prefix`, only rows whose names start with it are loaded, under the rest of their names. On
/// error the model is unchanged, unless torch itself fails while it copies.
/// @throws Error not_found, invalid_argument; unsupported, also for a module that overrides save()
/// or load().
template <class Model>
LoadResult load_model(Model&& model, const std::filesystem::path& path, const Ref& version = {},
                      std::optional<torch::Device> device = std::nullopt, bool strict = true,
                      const std::string& prefix = {}) {
  libtorch::require_default_archive(model);
  return libtorch::load_into(state_dict(model), Store::open(path).at(version), device, strict,
                             prefix);
}

/// All tensors of a version in model order: memory-mapped without a copy, or copied to `device` if
/// it is set. Tied tensors share one storage. Rows that are not tensors are left out.
[[nodiscard]] inline torch::OrderedDict<std::string, torch::Tensor> load_state_dict(
    const std::filesystem::path& path, const Ref& version = {},
    std::optional<torch::Device> device = std::nullopt) {
  return libtorch::load_dict(Store::open(path).at(version), device);
}

}  // namespace lancekeep
