// SPDX-License-Identifier: Apache-2.0
// One save at work: it may need several attempts, where others publish first; values that are
// written once stay written.
#pragma once

#include <lancekeep/store.h>

#include "lance/table/publish.h"
#include "lance/table/unpublished.h"
#include "store/save/file_plan.h"
#include "store/save/match_rows.h"
#include "store/save/next_fragments.h"
#include "store/save/save_base.h"
#include "store/save/save_plan.h"

#include <optional>
#include <set>
#include <vector>

namespace lancekeep::store {

/// Uses storage, source and options while it lives. What is not published when it is destroyed is
/// removed.
class SaveWork {
 public:
  SaveWork(io::Storage& storage, TensorSource& source, const SaveOptions& options);

  /// Publishes the source's tensors upon `base`, or returns nothing where someone else was faster:
  /// read the base again then. `abandoned` are fragments of the base that shall not be used.
  [[nodiscard]] std::optional<lance::Published> attempt(
      const SaveBase& base, const std::set<std::size_t>& abandoned = {});
  /// The source is this very version: its values need not be read to be known.
  void know_source_is(const SaveBase& base);
  /// Whether a version may stand on what was written, though the attempt threw.
  [[nodiscard]] bool is_visible() const { return is_visible_; }
  /// Of the attempt that published.
  [[nodiscard]] SaveReport report(const SaveBase& base, const lance::Published& published) const;

 private:
  [[nodiscard]] SavePlan plan_upon(const SaveBase& base, const std::set<std::size_t>& abandoned);
  void label_rows(const SavePlan& plan);
  [[nodiscard]] std::vector<ValueGroup> merge_duplicates(const std::vector<ValueGroup>& groups);
  void write_values(const std::vector<ValueGroup>& groups, const std::vector<lance::Field>& schema);
  void number_own_fragments(const lance::Manifest* before, const std::vector<lance::Field>& schema);
  [[nodiscard]] std::optional<lance::Published> publish(const SaveBase& base,
                                                        const std::vector<lance::Field>& schema);
  [[nodiscard]] Metadata properties(std::uint64_t version) const;
  [[nodiscard]] bool is_shared(const TensorRow& row) const { return row.fragment < first_own_; }

  io::Storage& storage_;
  TensorSource& source_;
  const SaveOptions& options_;
  const std::span<const TensorSpec> specs_;
  SaveProgress progress_;
  SaveReport report_;
  bool is_visible_ = false;

  // What was written, whichever attempt did it: data files, the fragment of each, and for each spec
  // its row as it stands there (TensorRow::fragment is an index into own_fragments_).
  lance::Unpublished values_;
  std::vector<lance::Fragment> own_fragments_;
  std::vector<std::optional<TensorRow>> own_rows_;
  std::vector<Known> known_;

  // Of the attempt at hand: all there is to choose from (the base's fragments, then our own), what
  // each spec's row is to say, and the hashes of those that stay.
  Standing standing_;
  std::size_t first_own_ = 0;
  std::vector<TensorRow> rows_;
  std::vector<std::string> hashes_;
};

}  // namespace lancekeep::store
