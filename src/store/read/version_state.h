// SPDX-License-Identifier: Apache-2.0
// What stands behind the public Version: the rows of one manifest, and the mappings of its data
// files.
#pragma once

#include <lancekeep/store.h>

#include "io/input_file.h"
#include "io/storage.h"
#include "lance/table/dataset.h"
#include "store/rows/tensor_table.h"

#include <mutex>
#include <optional>
#include <unordered_map>

namespace lancekeep {

struct Version::State {
  std::shared_ptr<io::Storage> storage;
  VersionInfo info;
  store::TensorTable table;
  std::vector<TensorInfo> infos;  ///< parallel to table.rows
  std::unordered_map<std::string_view, std::size_t>
      by_name;               ///< the first row of a name; views into `infos`
  mutable std::mutex mutex;  ///< of the two that are made when asked for
  mutable std::unordered_map<std::size_t, io::ByteView> writable;  ///< copy-on-write mappings
  mutable std::unordered_map<std::size_t, std::optional<io::InputFile>>
      opened;  ///< for reading; nothing: the file is gone, and only its mapping is left

  [[nodiscard]] const io::ByteView& file(std::size_t index, Access access) const;
  [[nodiscard]] std::optional<io::InputFile> open(std::size_t index) const;
  [[nodiscard]] TensorView view(const store::TensorRow& row, Access access) const;
};

}  // namespace lancekeep

namespace lancekeep::store {

/// Opens a version: reads its manifest and small columns, and holds them against the table digest.
[[nodiscard]] Version open_version(std::shared_ptr<io::Storage> storage, const Ref& ref,
                                   const ReadOptions& options = {});

}  // namespace lancekeep::store
