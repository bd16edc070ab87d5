// SPDX-License-Identifier: Apache-2.0
// Writes tensors into a new data file, which is a fragment of its own.
#pragma once

#include "lance/table/commit.h"
#include "store/save/file_plan.h"
#include "store/save/value_bytes.h"
#include "store/table/tensor_table.h"

#include <vector>

namespace lancekeep::store {

/// Where values start in a data file: a multiple of this many bytes, so that they can be used in
/// place by whatever wants aligned memory.
inline constexpr std::uint64_t kValueAlignment = 256;

/// Streams the values of `plan` from `source` into a new data file of `files`, hashing them on the
/// way. rows[i] is what the row of source.tensors()[i] shall say; its value, hash and offset are
/// filled in.
[[nodiscard]] lance::Fragment write_fragment(const io::Storage& storage,
                                             lance::UncommittedFiles& files, TensorSource& source,
                                             const FilePlan& plan,
                                             const std::vector<lance::Field>& schema,
                                             std::vector<TensorRow>& rows, SaveProgress& progress);

/// Gives a fragment other labels: writes all columns but the values into a new data file, which
/// takes the place of the one that had them. `rows` are all of the fragment's, null where deleted.
[[nodiscard]] lance::Fragment relabel_fragment(lance::UncommittedFiles& files,
                                               const lance::Fragment& fragment,
                                               const std::vector<lance::Field>& schema,
                                               std::span<const TensorRow* const> rows);

}  // namespace lancekeep::store
