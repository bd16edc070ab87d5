// SPDX-License-Identifier: Apache-2.0
// What a save records so that damage can be found: a hash of each value, and the table digest, one
// hash of everything that names and orders the tensors of a version. Together they cover a version
// completely. All hashes are XXH3-128 with seed 0, as the 32 hex digits that `xxh128sum` prints.
#pragma once

#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/table/tensor_table.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace lancekeep::store {

/// Hashes bytes that arrive in pieces. Copies share one state. One thread at a time.
class Hasher {
 public:
  Hasher();
  void update(std::span<const std::byte> bytes);
  /// The hash of all bytes so far.
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

[[nodiscard]] std::string hash_hex(std::span<const std::byte> bytes);

/// The hash of name, dtype, shape, hash and tied_to of all rows in model order. Each field is
/// hashed as its length, a u64, and then its bytes. The bytes of a shape are its dimensions as i64;
/// a null has only the length 2^64-1.
[[nodiscard]] std::string table_digest(std::span<const TensorRow> rows);

/// The value of the transaction property `lancekeep.table`: a digest and the version it belongs to.
[[nodiscard]] std::string digest_property(const std::string& digest, std::uint64_t version);

enum class DigestState {
  absent,  ///< pylance made the version; its properties may have an earlier version's digest
  right,
  wrong,
};

struct DigestCheck {
  DigestState state = DigestState::absent;
  std::string expected;  ///< what the save recorded
  std::string found;     ///< the digest of the rows
};

/// Compares all rows of a version, in model order, with the digest in its transaction.
[[nodiscard]] DigestCheck check_digest(const lance::ManifestFile& file,
                                       std::span<const TensorRow> rows);

/// @throws Error corrupt if the digest is wrong.
void require_digest(const io::Storage& storage, const lance::VersionEntry& entry,
                    const lance::ManifestFile& file, std::span<const TensorRow> rows);

}  // namespace lancekeep::store
