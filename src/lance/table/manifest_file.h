// SPDX-License-Identifier: Apache-2.0
// Manifest files: one per version, with the schema, the fragments and their files, and the
// transaction that made the version. Layout: docs/format/table.md. Free functions; any thread may
// call them. Writing a manifest into a dataset is commit.h's.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "lance/proto/transaction.h"
#include "lance/table/version_list.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// The largest manifest file that is written or read: about two million fragments.
inline constexpr std::uint64_t kMaxManifestSize = std::uint64_t{256} << 20;

struct ManifestFile {
  Manifest manifest;
  std::optional<Transaction> transaction;  ///< unset if it is neither inline nor in its file
  std::uint64_t size = 0;                  ///< bytes of the manifest file
  /// The uuids of the indices that the manifest lists; unset if the list cannot be read. Indices
  /// are not needed to read the rows.
  std::optional<std::vector<std::string>> indices = std::vector<std::string>();
};

/// `content` is the whole file. Throws corrupt, or unsupported for unknown reader feature flags.
/// Reads an inline transaction only.
[[nodiscard]] ManifestFile decode_manifest_file(const io::ByteView& content);
/// Throws unsupported if the file would be larger than kMaxManifestSize.
[[nodiscard]] std::string encode_manifest_file(Manifest manifest, const Transaction& transaction);

/// Reads the manifest of `entry`, and the file in _transactions/ if the transaction is not inline
/// and that file exists. Row counts that the manifest lacks come from the data files. Throws corrupt if it is damaged, naming the version that can be opened
/// instead.
[[nodiscard]] ManifestFile read_manifest(const io::Storage& storage, const VersionEntry& entry);

/// Whether a manifest file is torn, that is, damaged as by a power cut before it was synced: empty,
/// cut short, or undecodable and with sectors of zeros. A file with any other damage is not torn.
[[nodiscard]] bool is_torn(const io::Storage& storage, const VersionEntry& entry);

struct Newest {
  std::optional<VersionEntry> entry;  ///< unset: there are no versions, or all are torn
  ManifestFile file;                  ///< of `entry`
  std::string warning;                ///< which newer, torn versions were skipped; empty if none
};
/// The newest version whose manifest is not torn. Reads and decodes each manifest once. For any
/// other damage, throws as read_manifest() does.
[[nodiscard]] Newest read_newest(const io::Storage& storage, const VersionList& list);

}  // namespace lancekeep::lance
