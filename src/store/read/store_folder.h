// SPDX-License-Identifier: Apache-2.0
// The folder of a store: the state of the public Store, and checks that the folder is a Lance
// dataset, is still the folder that was opened, and keeps a model.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"

#include <filesystem>
#include <memory>
#include <utility>

namespace lancekeep {

struct Store::State {
  std::filesystem::path path;
  std::shared_ptr<io::Storage> storage;

  [[nodiscard]] static Store make_store(State state) {
    return Store(std::make_shared<State>(std::move(state)));
  }
};

}  // namespace lancekeep

namespace lancekeep::store {

/// Whether anything exists at the path. @throws Error io if the system cannot determine it.
[[nodiscard]] bool is_there(const std::filesystem::path& path);
/// @throws Error unsupported for a URL such as "s3://…": as a path it would mean a folder "s3:".
void require_local(const std::filesystem::path& path);
/// @throws Error invalid_argument unless the folder is a Lance dataset: it has a `_versions`
/// folder.
void require_dataset(const io::Storage& storage, const std::filesystem::path& path);
/// Like require_dataset(), but accepts an empty folder too.
void require_dataset_or_empty(const io::Storage& storage, const std::filesystem::path& path);

using lance::require_current;

/// The layout in which a manifest keeps a model. @throws Error invalid_argument if it keeps none.
[[nodiscard]] Layout require_model(const io::Storage& storage, const lance::Manifest& manifest);
/// The same for a version. @throws Error corrupt if a save recorded a model in it: then its schema
/// has changed since.
[[nodiscard]] Layout require_model(const io::Storage& storage, const lance::ManifestFile& file);
/// @throws Error unsupported or invalid_argument unless the manifest has the native layout.
void require_native(const io::Storage& storage, const lance::Manifest& manifest);

}  // namespace lancekeep::store
