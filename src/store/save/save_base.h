// SPDX-License-Identifier: Apache-2.0
// What a new version is put on: the newest version there is, and the rows of it that can be shared.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/store.h>

#include "lance/table/manifest_file.h"
#include "store/table/tensor_table.h"

#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

struct SaveBase {
  std::uint64_t newest = 0;                 ///< the newest name in _versions; 0: there is none
  std::optional<lance::ManifestFile> file;  ///< the newest manifest that is whole
  std::optional<Layout> layout;             ///< its layout
  TensorTable table;                        ///< its rows; none where they cannot be read or shared
  bool trust_hashes = false;                ///< the table digest says that they are as written
  std::vector<std::string> notes;           ///< what kept something from being shared

  [[nodiscard]] std::uint64_t version() const { return file ? file->manifest.version : 0; }
};

/// The layout of a version that can be saved upon. @throws Error invalid_argument for a dataset
/// that keeps no tensors.
[[nodiscard]] Layout require_store(const io::Storage& storage, const lance::Manifest& manifest);

/// Reads the newest version that is not torn, and, where it is of the native layout, its rows. A
/// version whose rows are damaged is no reason not to save: nothing is shared with it then.
/// @throws Error invalid_argument for a dataset that is no store; corrupt for a damaged manifest.
[[nodiscard]] SaveBase read_base(const io::Storage& storage);

/// Whether a read that failed may be tried anew: a file is gone, and the newest name in _versions
/// is not `newest` any more, so that a clean-up may have taken it.
[[nodiscard]] bool is_outdated(const io::Storage& storage, std::uint64_t newest,
                               const Error& error);

}  // namespace lancekeep::store
