// SPDX-License-Identifier: Apache-2.0
// A save in the native layout: shares what it can with the version that it is put on.
#pragma once

#include <lancekeep/store.h>

#include "lance/table/commit.h"
#include "store/save/file_plan.h"
#include "store/save/layout_save.h"
#include "store/save/match_rows.h"
#include "store/save/next_fragments.h"
#include "store/save/save_plan.h"

#include <optional>
#include <set>
#include <vector>

namespace lancekeep::store {

/// Uses storage, source and options while it lives.
class SaveWork : public LayoutSave {
 public:
  SaveWork(io::Storage& storage, TensorSource& source, const SaveOptions& options);

  [[nodiscard]] std::optional<lance::CommitResult> attempt(const SaveBase& base) override {
    return attempt(base, {});
  }
  /// `abandoned` are fragments of the base that shall not be used.
  [[nodiscard]] std::optional<lance::CommitResult> attempt(const SaveBase& base,
                                                           const std::set<std::size_t>& abandoned);
  /// The source is this very version: its values need not be read to be known.
  void know_source_is(const SaveBase& base);
  [[nodiscard]] bool is_visible() const override { return is_visible_; }
  [[nodiscard]] SaveReport report(const SaveBase& base,
                                  const lance::CommitResult& published) const override;

 private:
  [[nodiscard]] SavePlan plan_upon(const SaveBase& base, const std::set<std::size_t>& abandoned);
  void label_rows(const SavePlan& plan);
  [[nodiscard]] std::vector<ValueGroup> merge_duplicates(const std::vector<ValueGroup>& groups);
  void write_values(const std::vector<ValueGroup>& groups, const std::vector<lance::Field>& schema);
  void number_own_fragments(const lance::Manifest* before, const std::vector<lance::Field>& schema);
  [[nodiscard]] std::optional<lance::CommitResult> publish(const SaveBase& base,
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
  lance::UncommittedFiles values_;
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
