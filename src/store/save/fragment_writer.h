// SPDX-License-Identifier: Apache-2.0
// Writes tensors into a new data file, which is a fragment of its own: the values, then the columns
// with what each row says, one page after another.
#pragma once

#include "lance/table/commit.h"
#include "store/save/save_plan.h"
#include "store/save/save_source.h"
#include "store/table/tensor_table.h"

#include <vector>

namespace lancekeep::store {

/// Values start at multiples of this many bytes in a data file, so that they can be used in place
/// by code that needs aligned memory.
inline constexpr std::uint64_t kValueAlignment = 256;

/// Streams the values of `plan` from `source` into a new data file in `files`, and hashes them on
/// the way. rows[i] is the row of source.tensors()[i]; its value, hash and offset are filled in.
/// @throws Error invalid_argument if a tensor does not have as many bytes as announced.
[[nodiscard]] lance::Fragment write_fragment(const io::Storage& storage,
                                             lance::UncommittedFiles& files, TensorSource& source,
                                             const FilePlan& plan,
                                             const std::vector<lance::Field>& schema,
                                             std::vector<TensorRow>& rows, SaveProgress& progress);

/// Changes the labels of a fragment: writes all columns but the values into a new data file, which
/// replaces the file that had them. `rows` are all rows of the fragment, null where deleted.
[[nodiscard]] lance::Fragment relabel_fragment(lance::UncommittedFiles& files,
                                               const lance::Fragment& fragment,
                                               const std::vector<lance::Field>& schema,
                                               std::span<const TensorRow* const> rows);

}  // namespace lancekeep::store
