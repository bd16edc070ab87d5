// SPDX-License-Identifier: Apache-2.0
// The fragments of the next version: those that stay, with other labels and further deleted rows
// where that is needed, and the new ones.
#pragma once

#include "lance/table/commit.h"
#include "store/table/tensor_table.h"

#include <vector>

namespace lancekeep::store {

/// Fragments to choose from, and their live rows as they stand in the files.
struct Standing {
  std::vector<lance::Fragment> fragments;
  std::vector<TensorRow> rows;  ///< TensorRow::fragment is an index into `fragments`
};

/// What is left of the fragments when the model consists of `wanted`: one row for each tensor,
/// which says in which fragment it stands, at which offset, and what it shall say. Deletion files
/// and labels are written into `files`; a fragment without a row is left out. `read_version` is the
/// version that is saved upon.
[[nodiscard]] std::vector<lance::Fragment> next_fragments(io::Storage& storage,
                                                          lance::UncommittedFiles& files,
                                                          const Standing& standing,
                                                          std::span<const TensorRow> wanted,
                                                          const std::vector<lance::Field>& schema,
                                                          std::uint64_t read_version);

}  // namespace lancekeep::store
