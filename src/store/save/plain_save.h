// SPDX-License-Identifier: Apache-2.0
// A save in the recipe layout: writes every tensor anew, as float64, and shares nothing.
#pragma once

#include "lance/table/commit.h"
#include "store/save/file_plan.h"
#include "store/save/layout_save.h"
#include "store/save/value_bytes.h"

#include <vector>

namespace lancekeep::store {

/// Uses storage, source and options while it lives.
class PlainSave : public LayoutSave {
 public:
  /// Writes nothing. @throws Error invalid_argument, naming the tensor, for what float64 cannot
  /// hold: see plain_values.h.
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

  // What was written, whichever attempt did it.
  lance::UncommittedFiles files_;
  std::vector<lance::Fragment> fragments_;
};

}  // namespace lancekeep::store
