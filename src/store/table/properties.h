// SPDX-License-Identifier: Apache-2.0
// The properties that a save writes into the Lance transaction of its version: the message, the
// user's metadata, and Lancekeep's own keys. docs/format/tensors.md lists them. Pure functions.
#pragma once

#include <lancekeep/tensor.h>

#include <cstdint>
#include <optional>
#include <string>

namespace lancekeep::store {

inline constexpr char kMessageKey[] = "__lance_commit_message";  ///< pylance's key for a message
inline constexpr char kDigestKey[] = "lancekeep.table";          ///< see digest.h
inline constexpr char kRestoredFromKey[] = "restored_from";      ///< the version a restore copied
inline constexpr char kBytesKey[] = "lancekeep.bytes_total";     ///< SaveReport::bytes_total
/// The version's own number, if every file it refers to was synced before it was committed.
inline constexpr char kSyncedKey[] = "lancekeep.synced";

/// Keys that only Lancekeep and Lance themselves may set.
[[nodiscard]] bool is_reserved_key(const std::string& key);
/// The most bytes that a message, the keys and the values of the metadata have together. Readers
/// read the manifests of many versions, and refuse one of more than 256 MiB.
inline constexpr std::uint64_t kMaxDescriptionBytes = std::uint64_t{16} << 20;
/// @throws Error invalid_argument for a reserved key, for text that is not UTF-8, or for more than
/// kMaxDescriptionBytes.
void check_metadata(const std::string& message, const Metadata& metadata);

/// The properties without the reserved keys.
[[nodiscard]] Metadata user_metadata(const Metadata& properties);
/// Whether the text of a source's kStateDictsKey can be recorded: not empty, of bounded size, UTF-8.
[[nodiscard]] bool is_state_dicts(const std::string& text);
/// Empty if there is no such property.
[[nodiscard]] std::string property(const Metadata& properties, const std::string& key);
/// Unset unless the property is a number in decimal digits.
[[nodiscard]] std::optional<std::uint64_t> number_property(const Metadata& properties,
                                                           const std::string& key);

[[nodiscard]] bool is_utf8(const std::string& text);

}  // namespace lancekeep::store
