// SPDX-License-Identifier: Apache-2.0
// The files that an index names, held against it. One thread at a time.
#pragma once

#include "formats/safetensors/shards.h"

#include <string>
#include <vector>

namespace lancekeep::formats {

struct ShardFile {
  std::filesystem::path path;
  std::size_t first = 0;  ///< its first tensor in ShardSet::specs
};

struct ShardSet {
  std::vector<ShardFile> files;  ///< those that have tensors, by name
  std::vector<TensorSpec> specs;
  Metadata metadata;
  std::vector<std::string> notes;
  std::uint64_t budget_left = 0;  ///< beyond what is kept here
};

/// Opens each file once. `used` of the budget is the index's own.
/// @throws Error as open_shards().
[[nodiscard]] ShardSet check_shards(const io::InputFile& index, const std::filesystem::path& folder,
                                    const ShardIndex& content, std::uint64_t used,
                                    const OpenShard& open);

}  // namespace lancekeep::formats
