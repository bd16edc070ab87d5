// SPDX-License-Identifier: Apache-2.0
// Checks a version with the plain layout: reads every structure, decodes every value, and compares
// its length with its shape. The layout records no hashes, so a changed number is not found. One
// thread.
#pragma once

#include <lancekeep/verify.h>

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/plain/plain_table.h"
#include "store/table/model_columns.h"
#include "store/verify/check_fragment.h"
#include "store/verify/findings.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace lancekeep::store {

class PlainChecker {
 public:
  /// Refers to all three arguments.
  PlainChecker(const io::Storage& storage, const VerifyOptions& options, Findings& findings)
      : storage_(storage), options_(options), findings_(findings) {}

  /// `file` must have the plain layout. Versions must be checked oldest first.
  void check(const lance::VersionEntry& entry, const lance::ManifestFile& file);
  /// Bytes of all values that were decoded.
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct CheckedFragment {
    std::optional<ValueRows> values;  ///< unset if they cannot be decoded or were not selected
    std::vector<Error> damage;        ///< of the data files and of the decoded values
  };
  struct VersionCheck;

  void check_fragment(const lance::Fragment& fragment, VersionCheck& version);
  [[nodiscard]] CheckedFragment decode(const lance::Fragment& fragment,
                                       const std::vector<lance::Field>& known,
                                       const ValueColumn* values);
  void check_rows(const PlainFragment& fragment, const CheckedFragment& checked,
                  VersionCheck& version);
  void note_what_is_not_covered(const VersionCheck& version);
  [[nodiscard]] bool is_selected(const PlainRow& row) const {
    return !options_.select || options_.select(row.name);
  }

  const io::Storage& storage_;
  const VerifyOptions& options_;
  Findings& findings_;
  PerVersionCache<CheckedFragment> fragments_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace lancekeep::store
