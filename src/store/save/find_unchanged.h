// SPDX-License-Identifier: Apache-2.0
// Finds tensors whose bytes are stored already: as a row of the version that a save builds on, or
// as another tensor of the same save.
#pragma once

#include "store/save/save_source.h"
#include "store/table/tensor_table.h"

#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// Where a value is in a store.
struct ValuePlace {
  std::string path;
  std::uint64_t position = 0;
  bool operator==(const ValuePlace&) const = default;
};

/// What an earlier attempt of the same save found out about a tensor.
struct KnownTensor {
  bool is_written = false;          ///< it needs no row of the base
  std::optional<ValuePlace> place;  ///< where its bytes were found
};

/// One entry for each spec of a source.
struct RowMatches {
  std::vector<std::optional<std::size_t>> rows;  ///< index into the table's rows; no row twice
  std::vector<std::string> hashes;               ///< hash of the value; empty if it has no row
};

/// For each tensor, the row of `table` with the same dtype, shape and bytes: first the row of the
/// same name, then, for tensors that were renamed or swapped, any row that no other tensor has
/// taken. A hash alone is never enough: the bytes are read and compared, unless `known` (one entry
/// for each spec) says that they are there. Recorded hashes are used if `trust_hashes` is set;
/// otherwise hashes are computed.
[[nodiscard]] RowMatches find_unchanged(const io::Storage& storage, const TensorTable& table,
                                        TensorSource& source, std::span<const KnownTensor> known,
                                        bool trust_hashes, SaveProgress& progress);

/// For each of these entries of the source, all of which will be written, the index in `entries` of
/// the first earlier entry that seems to have the same value (same size and hash); unset if none
/// does.
[[nodiscard]] std::vector<std::optional<std::size_t>> find_duplicates(
    TensorSource& source, std::span<const std::size_t> entries, SaveProgress& progress);

}  // namespace lancekeep::store
