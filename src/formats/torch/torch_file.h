// SPDX-License-Identifier: Apache-2.0
// A file that torch.save wrote, in the zip form or the legacy form: the object's pickle as data,
// and the places of its storages. A TorchFile does not change after it is made; any thread may read
// it.
#pragma once

#include "formats/pickle/value.h"
#include "formats/zip/zip_archive.h"
#include "io/input_file.h"
#include "io/memory_budget.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

struct TorchStorage {
  std::string key;
  std::uint64_t offset = 0;  ///< file offset of its bytes
  std::uint64_t length = 0;  ///< in bytes
};

struct TorchFile {
  io::InputFile file;
  io::MemoryBudget* budget;  ///< the caller's budget, for all structures of the file
  PickleDocument object;
  std::vector<TorchStorage> storages = {};  ///< sorted by key

  /// Null if the file has no such storage.
  [[nodiscard]] const TorchStorage* find_storage(std::string_view key) const;
};

/// Opens the zip form: `<name>/data.pkl`, `<name>/data/<key>`, `<name>/byteorder`.
[[nodiscard]] TorchFile open_torch_zip(const io::InputFile& file, const ZipArchive& archive,
                                       io::MemoryBudget& budget);

/// Opens the legacy form of torch before 1.6: a sequence of pickles, then the storages. Without
/// `skip_objects`, a file with foreign objects is rejected (foreign_objects.h).
[[nodiscard]] TorchFile open_torch_legacy(const io::InputFile& file, io::MemoryBudget& budget,
                                          bool skip_objects = false);

/// The persistent id of a storage in the pickle: ('storage', type, key, location, elements). In the
/// legacy form it has a sixth item, which is None or a view (key, offset, elements) of the storage.
struct StorageId {
  std::string_view key;    ///< points into the document
  std::string_view dtype;  ///< of its elements
  std::size_t itemsize = 1;
  std::uint64_t bytes = 0;       ///< of the storage
  std::uint64_t view_start = 0;  ///< start of the part that the tensor may use, in bytes
  std::uint64_t view_bytes = 0;
  std::uint64_t offset = 0;  ///< file offset of the id
};

/// @throws Error corrupt or unsupported, at the node's file offset.
[[nodiscard]] StorageId read_storage_id(const PickleDocument& document, const PickleNode& node);

}  // namespace lancekeep::formats
