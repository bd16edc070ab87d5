// SPDX-License-Identifier: Apache-2.0
// The data files of one fragment: whether the disk returns them, and whether their parts agree with
// each other and with the manifest. And a cache, because versions share fragments.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "store/table/fragment_columns.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lancekeep::store {

/// A column that verify reads, by the field it holds.
struct KnownColumn {
  std::int32_t field_id = -1;
  std::string_view type;  ///< that the data file's own schema must give it; empty: any
};

/// Appends to `damage` what is wrong with the fragment's data files. Pages and footers are read, not
/// only mapped: a disk error shows up here as an Error, while touching a mapped page that the disk
/// does not return would end the process.
void check_data_files(const io::Storage& storage, DataFiles& files, const lance::Fragment& fragment,
                      const std::vector<KnownColumn>& columns, std::vector<Error>& damage);

/// The same for fragments with the same data files and row count, whatever rows are deleted.
[[nodiscard]] std::string fragment_key(const lance::Fragment& fragment,
                                       const std::vector<KnownColumn>& columns);

/// Results by key, kept while consecutive versions ask for them: the memory of two versions at most.
/// One thread.
template <class T>
class PerVersionCache {
 public:
  /// The result for `key`; calls `make` if neither this version nor the one before asked for it.
  template <class Make>
  std::shared_ptr<const T> get(const std::string& key, Make make) {
    if (const auto here = now_.find(key); here != now_.end()) return here->second;
    const auto known = before_.find(key);
    auto result = known != before_.end() ? known->second : std::make_shared<const T>(make());
    now_.emplace(key, result);
    return result;
  }
  /// Drops what the version that ends here did not ask for.
  void end_version() {
    before_ = std::move(now_);
    now_.clear();
  }

 private:
  using Results = std::unordered_map<std::string, std::shared_ptr<const T>>;
  Results before_;  // of the version before
  Results now_;
};

}  // namespace lancekeep::store
