// SPDX-License-Identifier: Apache-2.0
// A dataset of the recipe layout as a save writes it: its columns, and its data files, each of
// which is a fragment.
#pragma once

#include "lance/proto/manifest.h"
#include "lance/table/commit.h"
#include "store/save/file_plan.h"
#include "store/save/value_bytes.h"

#include <vector>

namespace lancekeep::store {

/// name: string, value: list<double>, shape: list<int64>, numbered from 0, as pylance numbers them
/// whenever it overwrites a dataset. Metadata that `earlier` (an existing dataset's fields) holds
/// for a column of the same name and type is kept.
[[nodiscard]] std::vector<lance::Field> plain_fields(const std::vector<lance::Field>& earlier);

/// Which tensors go into which file. See plan_files().
[[nodiscard]] std::vector<FilePlan> plan_plain_files(std::span<const TensorSpec> specs);

/// Streams the tensors of `plan` from `source` into a new data file of `files`, as float64.
[[nodiscard]] lance::Fragment write_plain_fragment(lance::UncommittedFiles& files,
                                                   TensorSource& source, const FilePlan& plan,
                                                   const std::vector<lance::Field>& schema,
                                                   SaveProgress& progress);

}  // namespace lancekeep::store
