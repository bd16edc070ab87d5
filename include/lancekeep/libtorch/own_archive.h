// SPDX-License-Identifier: Apache-2.0
// Finds modules that override save() or load() of torch::nn::Module: what these write and read
// besides parameters and buffers would be lost without a word.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/libtorch/source.h>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/ordered_dict.h>
#include <torch/serialize/archive.h>
#include <torch/types.h>

#include <memory>
#include <string>

namespace lancekeep::libtorch {

/// Whether the module's class overrides save() or load(). Known only if this is compiled with GCC,
/// which can say what a virtual call would call; otherwise false.
[[nodiscard]] inline bool has_own_archive(const torch::nn::Module& module) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wpmf-conversions"
  using Module = torch::nn::Module;
  using Save = void (*)(const Module*, torch::serialize::OutputArchive&);
  using Load = void (*)(Module*, torch::serialize::InputArchive&);
  static const Module plain;
  auto& asked = const_cast<Module&>(module);
  auto& usual = const_cast<Module&>(plain);
  return (Save)(module.*&Module::save) != (Save)(plain.*&Module::save) ||
         (Load)(asked.*&Module::load) != (Load)(usual.*&Module::load);
#pragma GCC diagnostic pop
#else
  static_cast<void>(module);
  return false;
#endif
}

/// @throws Error unsupported, which names the first such module, at or below `module`.
inline void require_default_archive(const torch::nn::Module& module) {
  for (const auto& item : module.named_modules(/*name_prefix=*/{}, /*include_self=*/false)) {
    if (!has_own_archive(*item.value())) continue;
    throw Error(ErrorCode::unsupported,
                "the module '" + item.key() + "' (" + item.value()->name() +
                    ") has its own save() or load(), which a store cannot call. To keep its "
                    "parameters and buffers alone, pass state_dict(model) instead of the model");
  }
  if (has_own_archive(module)) {
    throw Error(ErrorCode::unsupported,
                "the module (" + module.name() +
                    ") has its own save() or load(), which a store cannot call. To keep its "
                    "parameters and buffers alone, pass state_dict(model) instead of the model");
  }
}

template <class Module>
void require_default_archive(const std::shared_ptr<Module>& module) {
  require_default_archive(static_cast<const torch::nn::Module&>(*module));
}

template <class Module>
void require_default_archive(const torch::nn::ModuleHolder<Module>& module) {
  require_default_archive(static_cast<const torch::nn::Module&>(*module));
}

inline void require_default_archive(const torch::OrderedDict<std::string, torch::Tensor>&) {}
inline void require_default_archive(const StateDict&) {}

}  // namespace lancekeep::libtorch
