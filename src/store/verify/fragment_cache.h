// SPDX-License-Identifier: Apache-2.0
// Fragments as they were found: every data file's structure and every column that we know. Versions
// share fragments, so each is read once as long as the versions that have it follow each other;
// what is held is one version's columns. One thread.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "store/table/fragment_columns.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace lancekeep::store {

struct CheckedFragment {
  std::optional<FragmentColumns> columns;  ///< nothing where some of them cannot be read
  std::vector<Error> damage;
};

class FragmentCache {
 public:
  explicit FragmentCache(const io::Storage& storage) : storage_(storage) {}

  /// `leaf_ids` as find_leaf_ids() gives them. Damage is in what is returned; nothing is thrown.
  [[nodiscard]] std::shared_ptr<const CheckedFragment> get(
      const lance::Fragment& fragment, const std::vector<std::int32_t>& leaf_ids);
  /// A version is done: what it did not have is forgotten.
  void end_version();

 private:
  using Fragments = std::unordered_map<std::string, std::shared_ptr<const CheckedFragment>>;
  const io::Storage& storage_;
  Fragments before_;  ///< what the version before had
  Fragments now_;
};

}  // namespace lancekeep::store
