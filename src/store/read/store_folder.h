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
#include <mutex>
#include <utility>

namespace lancekeep {

// The path, and the folder that was found there, to which the first call binds the store: if another
// folder takes its place, every call says so. Only a call that opens the latest version, and is the
// first one, goes on with the other folder, as if the store had been opened a moment later: readers
// that open and load in a loop never fail beside replacements. Any number of threads may use it.
struct Store::State {
  struct Opened {
    std::filesystem::path path;
    std::shared_ptr<io::Storage> storage;
  };
  explicit State(Opened opened)
      : path(std::move(opened.path)), storage_(std::move(opened.storage)) {}

  [[nodiscard]] static Store make_store(Opened opened) {
    return Store(std::make_shared<State>(std::move(opened)));
  }

  /// The folder of the store, which is still at the path. @throws Error conflict if another one is
  /// there; not_found if nothing is.
  [[nodiscard]] std::shared_ptr<io::Storage> current() const;

  /// `read(storage)`, which only reads. What it returns, or throws, is of a folder that was at the
  /// path the whole time: otherwise it throws as current() does.
  template <typename Read>
  auto answer(Read read) const {
    bind(*current());
    return answer_first(std::move(read));
  }

  /// The same, but if the store is not bound yet, `read` is called again with the folder that took
  /// the place of the one that was found.
  template <typename Read>
  auto answer_first(Read read) const {
    for (int attempt = 1;; ++attempt) {
      const std::shared_ptr<io::Storage> storage = newest();
      try {
        auto result = read(storage);
        if (is_settled(*storage, attempt)) return result;
      } catch (const Error&) {
        if (is_settled(*storage, attempt)) throw;
      }
    }
  }

  /// `write(storage)`, which changes the store. Its outcome is what is returned or thrown; only a
  /// file that is missing because the folder was replaced is reported as current() does.
  template <typename Write>
  auto change(Write write) const {
    const std::shared_ptr<io::Storage> storage = current();
    bind(*storage);
    try {
      return write(storage);
    } catch (const Error& error) {
      require_current_if_missing(*storage, error);
      throw;
    }
  }

  const std::filesystem::path path;

 private:
  // As current(), but a store that is not bound opens the folder that is there now.
  std::shared_ptr<io::Storage> newest() const;
  void bind(const io::Storage& storage) const;
  // Binds the store if `storage` is still at the path; else false, or throws if there is nothing
  // left to try.
  bool is_settled(const io::Storage& storage, int attempt) const;
  static void require_current_if_missing(const io::Storage& storage, const Error& error);

  mutable std::mutex mutex_;
  mutable std::shared_ptr<io::Storage> storage_;
  mutable bool is_bound_ = false;
};

}  // namespace lancekeep

namespace lancekeep::store {

/// Whether anything exists at the path. @throws Error io if the system cannot determine it.
[[nodiscard]] bool is_there(const std::filesystem::path& path);
/// Opens the dataset at the path, and looks again a few times if its folder is just being replaced.
/// @throws Error not_found, invalid_argument as Store::open() does.
[[nodiscard]] std::shared_ptr<io::Storage> open_dataset(const std::filesystem::path& path);
/// How often a reader looks again for what someone else is just replacing.
inline constexpr int kMaxLooks = 20;
/// @throws Error unsupported for a URL such as "s3://…": as a path it would mean a folder "s3:".
void require_local(const std::filesystem::path& path);
/// @throws Error invalid_argument if a file is at the path, which the message describes; not_found
/// if a link to nothing is.
void require_no_file(const std::filesystem::path& path);
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
