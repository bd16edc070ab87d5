// SPDX-License-Identifier: Apache-2.0
// Writes tensors into a new data file, which is a fragment of its own: first the values, then
// the other columns, one page each.
#pragma once

#include "lance/table/commit.h"
#include "store/save/save_plan.h"
#include "store/save/save_source.h"
#include "store/table/tensor_table.h"

#include <vector>

namespace lancekeep::store {

/// Values start at multiples of this many bytes in a data file, so that code that needs aligned
/// memory can use them in place.
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
/// replaces the file that had them. `rows` has all rows of the fragment; a deleted row is null.
[[nodiscard]] lance::Fragment relabel_fragment(lance::UncommittedFiles& files,
                                               const lance::Fragment& fragment,
                                               const std::vector<lance::Field>& schema,
                                               std::span<const TensorRow* const> rows);

}  // namespace lancekeep::store
