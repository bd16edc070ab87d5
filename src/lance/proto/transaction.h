// SPDX-License-Identifier: Apache-2.0
// The Transaction message: how a version came about. Written both as a file in _transactions/ and
// inline in the manifest, so that its properties (the message, the metadata) survive the loss of
// either.
#pragma once

#include "lance/proto/manifest.h"

namespace lancekeep::lance {

struct Transaction {
  std::uint64_t read_version = 0;  ///< the version it was planned on; 0 for the first
  std::string uuid;
  std::map<std::string, std::string>
      properties;               ///< shown by pylance; `__lance_commit_message` is the message
  std::uint32_t operation = 0;  ///< field number of the operation; 102 = overwrite
  std::string operation_bytes;  ///< its message, raw

  bool operator==(const Transaction&) const = default;
};

[[nodiscard]] Transaction decode_transaction(const io::ByteView& message);
[[nodiscard]] std::string encode_transaction(const Transaction& transaction);

/// The name pylance gives an operation's field number ("append", "overwrite" …), or "operation N".
[[nodiscard]] std::string operation_name(std::uint32_t operation);

/// An Overwrite operation's message. Lance wants fragment ids of 0 in it.
[[nodiscard]] std::string encode_overwrite(
    const std::vector<Fragment>& fragments, const std::vector<Field>& fields,
    const std::map<std::string, std::string>& schema_metadata);

/// A Restore operation's message.
[[nodiscard]] std::string encode_restore(std::uint64_t version);

}  // namespace lancekeep::lance
