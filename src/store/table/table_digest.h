// SPDX-License-Identifier: Apache-2.0
// The table digest: one hash over everything that names and orders the tensors of a version. With
// the hash of each value in the rows themselves, it covers a version completely.
#pragma once

#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/table/tensor_table.h"

#include <string>

namespace lancekeep::store {

/// XXH3-128 over name, dtype, shape, hash and tied_to of all rows in model order. Each field is a
/// u64 length and its bytes (a shape: its dimensions as i64; a null: a length of 2^64 - 1 alone).
[[nodiscard]] std::string table_digest(std::span<const TensorRow> rows);

/// The value of the transaction property `lancekeep.table`: the digest and the version it was made
/// for.
[[nodiscard]] std::string digest_property(const std::string& digest, std::uint64_t version);

enum class DigestState {
  absent,  ///< pylance made the version; or the digest is of another one, and was carried along
  right,
  wrong,
};

struct DigestCheck {
  DigestState state = DigestState::absent;
  std::string expected;  ///< what the save recorded
  std::string found;     ///< what the rows give
};

/// Holds a version's rows, all of them in model order, against the digest in its transaction.
[[nodiscard]] DigestCheck check_digest(const lance::ManifestFile& file,
                                       std::span<const TensorRow> rows);

/// Throws corrupt where the digest is wrong.
void require_digest(const io::Storage& storage, const lance::VersionEntry& entry,
                    const lance::ManifestFile& file, std::span<const TensorRow> rows);

}  // namespace lancekeep::store
