// SPDX-License-Identifier: Apache-2.0
// A save in the native layout: tensors that have not changed share the rows and bytes of the
// version that the save builds on.
#pragma once

#include <lancekeep/store.h>

#include "lance/table/commit.h"
#include "store/save/find_unchanged.h"
#include "store/save/next_version.h"
#include "store/save/save.h"
#include "store/save/save_plan.h"

#include <optional>
#include <set>
#include <vector>

namespace lancekeep::store {

/// Refers to the storage, source and options for its lifetime. One thread.
class NativeSave : public LayoutSave {
 public:
  NativeSave(io::Storage& storage, TensorSource& source, const SaveOptions& options);

  /// Lets the next attempt write the values of these fragments again, so that their files are no
  /// longer needed. Fragments are given by their index in the base of that attempt.
  void abandon(std::set<std::size_t> fragments) { abandoned_ = std::move(fragments); }
  /// States that the source is the version `base`, so that its values need not be read and
  /// compared.
  void know_source_is(const SaveBase& base);

  [[nodiscard]] std::optional<lance::CommitResult> attempt(const SaveBase& base) override;
  [[nodiscard]] bool is_visible() const override { return is_visible_; }
  [[nodiscard]] SaveReport report(const SaveBase& base,
                                  const lance::CommitResult& published) const override;

 private:
  /// What is known about a tensor, from any attempt.
  struct Tensor {
    /// Its row, if this save has written it; TensorRow::fragment is an index into own_fragments_.
    std::optional<TensorRow> written;
    std::optional<ValuePlace> place;  ///< where its bytes were found in the store
  };
  struct Attempt;

  [[nodiscard]] RowMatches find_rows(Attempt& attempt);
  void label_rows(const SavePlan& plan, const RowMatches& matches, Attempt& attempt) const;
  void write_values(const std::vector<ValueGroup>& groups, Attempt& attempt);
  void add_written_row(std::size_t tensor, std::size_t own_fragment, Attempt& attempt);
  [[nodiscard]] std::vector<ValueGroup> merge_duplicates(const std::vector<ValueGroup>& groups);
  [[nodiscard]] std::optional<lance::CommitResult> commit(Attempt& attempt);
  void count_tensors(const Attempt& attempt);

  io::Storage& storage_;
  TensorSource& source_;
  const SaveOptions& options_;
  const std::span<const TensorSpec> specs_;
  const std::uint64_t bytes_total_;
  SaveProgress progress_;
  SaveReport report_;  // of the attempt that was committed
  bool is_visible_ = false;
  std::set<std::size_t> abandoned_;

  std::vector<Tensor> tensors_;     // one for each spec
  lance::UncommittedFiles values_;  // the data files of own_fragments_
  std::vector<lance::Fragment> own_fragments_;
};

}  // namespace lancekeep::store
