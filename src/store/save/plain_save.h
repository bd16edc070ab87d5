// SPDX-License-Identifier: Apache-2.0
// A save in the plain layout: every tensor is written again, as float64, and nothing is shared.
#pragma once

#include "lance/proto/manifest.h"
#include "lance/table/commit.h"
#include "store/save/save.h"
#include "store/save/save_plan.h"
#include "store/save/save_source.h"

#include <vector>

namespace lancekeep::store {

/// The columns name: string, value: list<double>, shape: list<int64>, with ids from 0, which is how
/// pylance numbers them whenever it overwrites a dataset. Metadata of a column of the same name and
/// type in `earlier` (the fields of an existing dataset) is kept.
[[nodiscard]] std::vector<lance::Field> plain_fields(const std::vector<lance::Field>& earlier);

/// Which tensors go into which file; see plan_files().
[[nodiscard]] std::vector<FilePlan> plan_plain_files(std::span<const TensorSpec> specs);

/// Refers to the storage, source and options for its lifetime. One thread.
class PlainSave : public LayoutSave {
 public:
  /// Writes nothing yet. @throws Error invalid_argument, naming the tensor, for a number that
  /// float64 cannot represent; see to_float64.h.
  PlainSave(io::Storage& storage, TensorSource& source, const SaveOptions& options);

  [[nodiscard]] std::optional<lance::CommitResult> attempt(const SaveBase& base) override;
  [[nodiscard]] bool is_visible() const override { return is_visible_; }
  [[nodiscard]] SaveReport report(const SaveBase& base,
                                  const lance::CommitResult& published) const override;

 private:
  void write_files(const std::vector<lance::Field>& schema);
  [[nodiscard]] std::vector<lance::Fragment> numbered_fragments(
      const lance::Manifest* before) const;

  io::Storage& storage_;
  TensorSource& source_;
  const SaveOptions& options_;
  const std::vector<FilePlan> plans_;
  const std::uint64_t bytes_total_;
  SaveProgress progress_;
  bool is_visible_ = false;

  // What all attempts have written so far.
  lance::UncommittedFiles files_;
  std::vector<lance::Fragment> fragments_;
};

}  // namespace lancekeep::store
