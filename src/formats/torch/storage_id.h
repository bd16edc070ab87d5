// SPDX-License-Identifier: Apache-2.0
// The persistent id by which a torch pickle names a storage: ('storage', type, key, location,
// elements), and in the older form a sixth item, None or a view (key, offset, elements) into the
// storage.
#pragma once

#include "formats/torch/file.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lancekeep::formats {

struct StorageId {
  std::string_view key;    ///< in the document
  std::string_view dtype;  ///< of its elements
  std::size_t itemsize = 1;
  std::uint64_t bytes = 0;       ///< of the storage
  std::uint64_t view_start = 0;  ///< the part of it that the tensor may use, in bytes
  std::uint64_t view_bytes = 0;
  std::uint64_t offset = 0;  ///< of the id, in the file
};

/// @throws Error corrupt or unsupported, at the node's place in the file.
[[nodiscard]] StorageId read_storage_id(const PickleDocument& document, const PickleNode& node);

}  // namespace lancekeep::formats
