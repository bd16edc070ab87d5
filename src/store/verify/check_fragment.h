// SPDX-License-Identifier: Apache-2.0
// Checks the data files of one fragment: whether they can be read from the disk, and whether their
// parts agree with each other and with the manifest. Also has a cache, because versions share
// fragments.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "store/table/fragment_columns.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lancekeep::store {

/// Those of a manifest's fields that have one of these ids, or are the items of one that has.
[[nodiscard]] std::vector<lance::Field> fields_with_items(const std::vector<lance::Field>& fields,
                                                          std::span<const std::int32_t> ids);

/// Appends to `damage` what is wrong with the fragment's data files. `known` are the fields whose
/// columns verify reads. A file of another size than its manifest says is damage, and nothing of it
/// is read. Pages and footers are read,
/// not only memory-mapped: a disk error during a read is an Error, but accessing a mapped page that
/// the disk cannot return would kill the process.
void check_data_files(const io::Storage& storage, DataFiles& files, const lance::Fragment& fragment,
                      const std::vector<lance::Field>& known, std::vector<Error>& damage);

/// A cache key. It is the same for fragments with the same data files and row count, whichever rows
/// are deleted.
[[nodiscard]] std::string fragment_key(const lance::Fragment& fragment,
                                       const std::vector<lance::Field>& known);

/// Results by key, kept while consecutive versions ask for them, so that at most the results of two
/// versions are in memory. One thread.
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
  /// Ends a version: drops the results that it did not ask for.
  void end_version() {
    before_ = std::move(now_);
    now_.clear();
  }

 private:
  using Results = std::unordered_map<std::string, std::shared_ptr<const T>>;
  Results before_;  // of the previous version
  Results now_;
};

}  // namespace lancekeep::store
