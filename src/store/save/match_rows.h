// SPDX-License-Identifier: Apache-2.0
// Finds the rows of a version that hold the tensors of a source, by their bytes.
#pragma once

#include "store/save/value_bytes.h"
#include "store/table/tensor_table.h"

#include <optional>
#include <vector>

namespace lancekeep::store {

/// Where a value lies in a store.
struct ValuePlace {
  std::string path;
  std::uint64_t position = 0;
  bool operator==(const ValuePlace&) const = default;
};

/// What an earlier attempt of the same save knows of a tensor.
struct Known {
  bool settled = false;             ///< it needs no row
  std::optional<ValuePlace> place;  ///< its bytes were found here
};

/// For each spec of a source.
struct RowMatches {
  std::vector<std::optional<std::size_t>> rows;  ///< index into the table's rows; no row twice
  std::vector<std::string> hashes;               ///< of the value, where there is a row
};

/// First the row of the same name, then, for tensors that were renamed or have changed places, any
/// row that no other tensor has; always with the same dtype and shape, and never by hash alone: the
/// bytes are read and compared, unless they are `known` to be there. A row's recorded hash is taken
/// over where `trust_hashes`, else made anew.
[[nodiscard]] RowMatches match_rows(const io::Storage& storage, const TensorTable& table,
                                    TensorSource& source, std::span<const Known> known,
                                    bool trust_hashes, SaveProgress& progress);

/// Among these entries of the source, which are all to be written: for each the first one before it
/// that seems to have the same value (same size, same hash), or nothing.
[[nodiscard]] std::vector<std::optional<std::size_t>> find_duplicates(
    TensorSource& source, std::span<const std::size_t> entries, SaveProgress& progress);

}  // namespace lancekeep::store
