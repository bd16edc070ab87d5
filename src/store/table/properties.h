// SPDX-License-Identifier: Apache-2.0
// What a save says of its version in the Lance transaction: message, metadata, and our own figures.
#pragma once

#include <lancekeep/tensor.h>

#include <cstdint>
#include <optional>
#include <string>

namespace lancekeep::store {

inline constexpr char kMessageKey[] = "__lance_commit_message";  ///< pylance's key for a message
inline constexpr char kDigestKey[] = "lancekeep.table";          ///< see table_digest.h
inline constexpr char kRestoredFromKey[] = "restored_from";      ///< version that a restore took
inline constexpr char kBytesKey[] = "lancekeep.bytes_total";     ///< SaveReport::bytes_total
/// The version itself, where every file that it stands on was synced before it was published.
inline constexpr char kSyncedKey[] = "lancekeep.synced";

/// Keys that only Lancekeep and Lance themselves may set.
[[nodiscard]] bool is_reserved_key(const std::string& key);
/// Throws invalid_argument for a reserved key, or text that is not UTF-8.
void check_metadata(const std::string& message, const Metadata& metadata);

[[nodiscard]] Metadata user_metadata(const Metadata& properties);
[[nodiscard]] std::string property(const Metadata& properties, const std::string& key);
/// A property that is a number in decimal digits, or nothing.
[[nodiscard]] std::optional<std::uint64_t> number_property(const Metadata& properties,
                                                           const std::string& key);

[[nodiscard]] bool is_utf8(const std::string& text);

}  // namespace lancekeep::store
