// SPDX-License-Identifier: Apache-2.0
// The names of a dataset's files and folders: every name that Lance writes is built and parsed
// here. Paths are relative to the dataset's folder. gc deletes only files whose names
// kind_of_file() knows. Free functions without state; any thread may call them.
#pragma once

#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "lance/proto/transaction.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::lance {

inline constexpr const char* kDataFolder = "data";
inline constexpr const char* kVersionsFolder = "_versions";
inline constexpr const char* kTransactionsFolder = "_transactions";
inline constexpr const char* kDeletionsFolder = "_deletions";
inline constexpr const char* kRefsFolder = "_refs";
inline constexpr const char* kTagsFolder = "_refs/tags";
inline constexpr const char* kBranchesFolder = "_refs/branches";
inline constexpr const char* kIndicesFolder = "_indices";
/// All folders of a dataset, each before its parent.
inline constexpr std::array<const char*, 8> kLanceFolders = {
    kDataFolder, kVersionsFolder, kTransactionsFolder, kDeletionsFolder,
    kTagsFolder, kBranchesFolder, kRefsFolder,         kIndicesFolder};

/// Higher numbers are detached versions, which no list of versions contains.
inline constexpr std::uint64_t kMaxVersion = (std::uint64_t{1} << 63) - 1;

/// How manifest files are named: v1 `<version>.manifest`, v2 `<2^64 - 1 - version>.manifest` with
/// 20 digits. A dataset uses one scheme throughout; pylance keeps the scheme it finds.
enum class NamingScheme { v1, v2 };

struct ManifestName {
  std::uint64_t version = 0;
  NamingScheme scheme = NamingScheme::v2;
};

[[nodiscard]] std::string manifest_path(std::uint64_t version, NamingScheme scheme);
/// `name` is relative to _versions/. Unset for anything else in that folder: temporary files, the
/// version hint, detached versions, and numbers that are not written as Lance writes them.
[[nodiscard]] std::optional<ManifestName> parse_manifest_name(std::string_view name);

/// The path of a file that a manifest names. Throws unsafe for a name that leads out of its folder,
/// unsupported for a file in another base path (a shallow clone).
[[nodiscard]] std::string data_path(const DataFile& file);
[[nodiscard]] std::string deletion_path(std::uint64_t fragment_id, const DeletionFile& file);
[[nodiscard]] std::string transaction_path(const std::string& transaction_file);

/// A new random name `<24 binary digits><26 hex digits>.lance` for a data file, as pylance makes
/// them: 16 random bytes, of which the first 3 spread the names over an object store's partitions.
[[nodiscard]] std::string new_data_file_name();
/// `<read version>-<uuid>.txn`, the name that a manifest refers to.
[[nodiscard]] std::string transaction_file_name(const Transaction& transaction);
/// `name` must be a valid tag name.
[[nodiscard]] std::string tag_path(std::string_view name);
/// The name of a file in `folder` until it gets its final one.
[[nodiscard]] std::string temporary_path(std::string_view folder, std::string_view uuid);

enum class FileKind {
  data,          ///< data/<random>.lance
  sidecar,       ///< data/<stem>/<id>.blob: values stored beside the data file <stem>.lance
  deletion,      ///< _deletions/<fragment>-<read version>-<id>.bin or .arrow
  transaction,   ///< _transactions/<read version>-<uuid>.txn
  manifest,      ///< _versions/<number>.manifest
  detached,      ///< the manifest of a detached version: d<number>, or a number above kMaxVersion
  version_hint,  ///< _versions/latest_version_hint.json
  tag,           ///< _refs/tags/<name>.json
  branch,        ///< _refs/branches/<name>.json
  index,         ///< _indices/<uuid>/<anything>
  temporary,     ///< <anything>.tmp, or pylance's: any of the above followed by #<number>
};

/// Unset for a name that Lance does not write. A manifest can give data files any name; this
/// function knows only the random ones.
[[nodiscard]] std::optional<FileKind> kind_of_file(std::string_view path);

/// The data file that a sidecar belongs to: "data/<stem>.lance".
[[nodiscard]] std::string owner_of_sidecar(std::string_view path);
/// Whether this is "data/<stem>", the folder of a data file's sidecars.
[[nodiscard]] bool is_sidecar_folder(std::string_view path);

/// The folder of an index, "_indices/<uuid>".
[[nodiscard]] std::string index_folder(std::string_view uuid);
/// The folder of the index that a file or folder below _indices/ belongs to, which may be the
/// folder itself; unset for anything else.
[[nodiscard]] std::optional<std::string> index_folder_of(std::string_view path);

/// Everything in kLanceFolders, by path. Does not follow links.
[[nodiscard]] std::map<std::string, io::FolderEntry> list_lance_folders(const io::Storage& storage);

}  // namespace lancekeep::lance
