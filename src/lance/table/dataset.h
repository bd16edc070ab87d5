// SPDX-License-Identifier: Apache-2.0
// A Lance dataset's folder: which versions it has, what each manifest says, which tags there are.
// Reads only; publish.h writes.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "lance/proto/transaction.h"

#include <map>
#include <memory>
#include <optional>

namespace lancekeep::lance {

class Unpublished;

/// How manifest files are named. A dataset uses one of them throughout; pylance keeps what it
/// finds.
enum class NamingScheme { v1, v2 };

struct VersionEntry {
  std::uint64_t version = 0;
  std::string path;  ///< "_versions/….manifest"
};

struct VersionList {
  NamingScheme scheme = NamingScheme::v2;
  std::vector<VersionEntry>
      entries;  ///< oldest first; detached versions and temporary files left out

  /// The highest number that a manifest's name has, torn ones counted; 0: there is none.
  [[nodiscard]] std::uint64_t newest() const {
    return entries.empty() ? 0 : entries.back().version;
  }
};

[[nodiscard]] std::string manifest_path(std::uint64_t version, NamingScheme scheme);
[[nodiscard]] VersionList list_versions(const io::Storage& storage);

/// A manifest file: the message and the inline transaction, if it has one.
struct ManifestFile {
  Manifest manifest;
  std::optional<Transaction> transaction;
  std::uint64_t size = 0;
};
/// `content` is the whole file. Refuses unknown reader feature flags with their numbers.
[[nodiscard]] ManifestFile decode_manifest_file(const io::ByteView& content);
[[nodiscard]] std::string encode_manifest_file(Manifest manifest, const Transaction& transaction);

/// Opens the manifest of `entry`; where it holds no inline transaction, the file in _transactions/
/// is read if it is there.
[[nodiscard]] ManifestFile read_manifest(const io::Storage& storage, const VersionEntry& entry);

/// Whether a manifest file is empty, does not end as one does, or cannot be read for sectors of
/// zeros: a power cut leaves it so where nobody synced it. Any other damage is no such thing.
[[nodiscard]] bool is_torn(const io::Storage& storage, const VersionEntry& entry);

/// Row offsets that a fragment's deletion file lists, sorted, each below `fragment.physical_rows`;
/// empty where it has none. Reads `.bin` (Roaring) and `.arrow` (Arrow IPC, stored or zstd or
/// lz4-frame).
[[nodiscard]] std::vector<std::uint32_t> read_deletions(const io::Storage& storage,
                                                        const Fragment& fragment);
/// Writes a `.bin` deletion file of these rows, sorted, and returns what the fragment must say of
/// it. Syncing is the caller's, with `files`.
[[nodiscard]] DeletionFile write_deletions(Unpublished& files, std::uint64_t fragment_id,
                                           std::uint64_t read_version,
                                           const std::vector<std::uint32_t>& rows);

[[nodiscard]] std::string deletion_path(std::uint64_t fragment_id, const DeletionFile& file);
[[nodiscard]] std::string data_path(const DataFile& file);
[[nodiscard]] std::string transaction_path(const std::string& transaction_file);

}  // namespace lancekeep::lance
