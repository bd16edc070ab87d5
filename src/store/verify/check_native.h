// SPDX-License-Identifier: Apache-2.0
// Checks the rows of a version with the native layout: reads it fragment by fragment, so that a
// damaged fragment does not hide damage to others, then checks each row, the ties, and what the
// save recorded about all rows. One thread.
#pragma once

#include <lancekeep/verify.h>

#include "io/storage.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/table/model_columns.h"
#include "store/table/tensor_table.h"
#include "store/verify/check_fragment.h"
#include "store/verify/check_values.h"
#include "store/verify/findings.h"

#include <optional>
#include <vector>

namespace lancekeep::store {

class NativeChecker {
 public:
  /// Refers to all four arguments. `values` collects the values, which are read once all versions
  /// are known.
  NativeChecker(const io::Storage& storage, const VerifyOptions& options, ValueChecker& values,
                Findings& findings)
      : storage_(storage), options_(options), values_(values), findings_(findings) {}

  /// `file` must have the native layout. Versions must be checked oldest first.
  void check(const lance::VersionEntry& entry, const lance::ManifestFile& file);

 private:
  struct CheckedFragment {
    std::optional<FragmentColumns> columns;  ///< unset if some of them cannot be read
    std::vector<Error> damage;
  };

  /// `known` are the fields of `columns` and their items.
  [[nodiscard]] CheckedFragment check_fragment(const lance::Fragment& fragment,
                                               const NativeColumns& columns,
                                               const std::vector<lance::Field>& known) const;
  [[nodiscard]] bool read_table(const lance::Manifest& manifest, TensorTable& table);
  void check_rows(std::uint64_t version, const TensorTable& table);
  void check_positions(const lance::Manifest& manifest, const TensorTable& table);
  void check_ties(std::uint64_t version, const TensorTable& table,
                  const std::vector<std::size_t>& targets);
  void check_record(const lance::VersionEntry& entry, const lance::ManifestFile& file,
                    const TensorTable& table, const std::vector<std::size_t>& targets);

  const io::Storage& storage_;
  const VerifyOptions& options_;
  ValueChecker& values_;
  Findings& findings_;
  PerVersionCache<CheckedFragment> fragments_;
};

}  // namespace lancekeep::store
