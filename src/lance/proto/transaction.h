// SPDX-License-Identifier: Apache-2.0
// The Transaction message: the operation that made a version. It is written twice, as a file in
// _transactions/ and inline in the manifest, so that its properties (the commit message and the
// metadata) survive the loss of either copy.
#pragma once

#include "lance/proto/manifest.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// Field numbers of the operations in a Transaction; they are on disk and never change.
enum class Operation : std::uint32_t {
  append = 100,
  remove = 101,  ///< Lance calls it "delete"
  overwrite = 102,
  create_index = 103,
  rewrite = 104,
  merge = 105,
  restore = 106,
  reserve_fragments = 107,
  update = 108,
  project = 109,
  update_config = 110,
  data_replacement = 111,
  update_mem_wal_state = 112,
  clone = 113,
  update_bases = 114,
};

struct Transaction {
  std::uint64_t read_version = 0;  ///< the version it is based on; 0 for the first one
  std::string uuid;
  /// Shown by pylance; `__lance_commit_message` is the commit message.
  std::map<std::string, std::string> properties;
  Operation operation{};        ///< 0: none; can be a number without a name here
  std::string operation_bytes;  ///< the operation's message, as raw protobuf

  bool operator==(const Transaction&) const = default;
};

[[nodiscard]] Transaction decode_transaction(const io::ByteView& message);
[[nodiscard]] std::string encode_transaction(const Transaction& transaction);

/// pylance's name of an operation ("append", "overwrite" …), or "operation N".
[[nodiscard]] std::string operation_name(Operation operation);

/// The message of Operation::overwrite. Lance requires fragment ids of 0 in it.
[[nodiscard]] std::string encode_overwrite(
    const std::vector<Fragment>& fragments, const std::vector<Field>& fields,
    const std::map<std::string, std::string>& schema_metadata);

/// The message of Operation::restore.
[[nodiscard]] std::string encode_restore(std::uint64_t version);

}  // namespace lancekeep::lance
