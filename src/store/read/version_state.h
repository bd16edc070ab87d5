// SPDX-License-Identifier: Apache-2.0
// What stands behind the public Version: what is known of each row, and where their values come
// from.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "store/read/version_values.h"

#include <memory>
#include <unordered_map>

namespace lancekeep {

struct Version::State {
  std::shared_ptr<io::Storage> storage;
  VersionInfo info;
  std::vector<TensorInfo> infos;
  /// Which row a name stands for; views into `infos`. Of several rows with one name it is the first
  /// in a native store, where none of them can be loaded, and the last in a recipe dataset.
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::unique_ptr<const store::VersionValues> values;

  [[nodiscard]] static Version make_version(std::shared_ptr<const State> state) {
    return Version(std::move(state));
  }
  /// @throws Error not_found; corrupt where the row is damaged.
  [[nodiscard]] std::size_t row_of(std::string_view name) const;
  /// Throws corrupt where the row is damaged.
  void require_sound(std::size_t row) const;
};

}  // namespace lancekeep

namespace lancekeep::store {

/// Opens a version: reads its manifest and small columns, and holds those of a native one against
/// the table digest.
[[nodiscard]] Version open_version(std::shared_ptr<io::Storage> storage, const Ref& ref,
                                   const ReadOptions& options = {});

}  // namespace lancekeep::store
