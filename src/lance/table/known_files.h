// SPDX-License-Identifier: Apache-2.0
// The names that Lance gives to its files: whoever removes files removes these, and leaves all
// others to whoever put them there.
#pragma once

#include "io/storage.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::lance {

enum class FileKind {
  data,          ///< data/<random>.lance
  sidecar,       ///< data/<stem>/<id>.blob: values that lie beside the data file <stem>.lance
  deletion,      ///< _deletions/<fragment>-<read version>-<id>.bin or .arrow
  transaction,   ///< _transactions/<read version>-<uuid>.txn
  manifest,      ///< _versions/<number>.manifest
  detached,      ///< a manifest that is in no list of versions: of d<number>, or of 2^63 or more
  version_hint,  ///< _versions/latest_version_hint.json
  tag,           ///< _refs/tags/<name>.json
  branch,        ///< _refs/branches/<name>.json
  temporary,  ///< <anything>.tmp, or any of the above with #<number> behind it, as pylance has it
};

/// Folders that these files lie in, each before the one that it lies in itself.
inline constexpr std::array<const char*, 7> kLanceFolders = {
    "data", "_versions", "_transactions", "_deletions", "_refs/tags", "_refs/branches", "_refs"};

/// What Lance would have in a file of this path below the dataset's folder; nothing where it gives
/// no such name. Data files may have any name, once a manifest says so; this knows the random ones.
[[nodiscard]] std::optional<FileKind> kind_of_file(std::string_view path);

/// The data file that a sidecar belongs to: "data/<stem>.lance".
[[nodiscard]] std::string owner_of_sidecar(std::string_view path);
/// Whether this is "data/<stem>", where the sidecars of a data file lie.
[[nodiscard]] bool is_sidecar_folder(std::string_view path);

/// Everything in the folders that are Lance's, by its path; neither these folders nor those in them
/// are links.
[[nodiscard]] std::map<std::string, io::FolderEntry> list_lance_folders(const io::Storage& storage);

}  // namespace lancekeep::lance
