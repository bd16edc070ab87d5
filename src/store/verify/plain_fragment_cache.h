// SPDX-License-Identifier: Apache-2.0
// Fragments of recipe datasets as they were found: every data file's structure, and what decoding
// all values tells of the rows. As FragmentCache, each is read once as long as the versions that
// have it follow each other. One thread.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "store/plain/value_column.h"
#include "store/table/plain_columns.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace lancekeep::store {

struct CheckedValues {
  std::optional<ValueRows> rows;  ///< nothing where they cannot be decoded, or nobody asked
  std::vector<Error> damage;      ///< of the data files, and of the values if they were decoded
};

class PlainFragmentCache {
 public:
  explicit PlainFragmentCache(const io::Storage& storage) : storage_(storage) {}

  /// `values` is the fragment's column, null where it has none or nobody wants it decoded. Damage
  /// is in what is returned; nothing is thrown.
  [[nodiscard]] std::shared_ptr<const CheckedValues> get(const std::vector<lance::Field>& fields,
                                                         const PlainColumns& columns,
                                                         const lance::Fragment& fragment,
                                                         const ValueColumn* values);
  /// A version is done: what it did not have is forgotten.
  void end_version();
  /// Of all values that were decoded.
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  using Fragments = std::unordered_map<std::string, std::shared_ptr<const CheckedValues>>;
  const io::Storage& storage_;
  Fragments before_;  ///< what the version before had
  Fragments now_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace lancekeep::store
