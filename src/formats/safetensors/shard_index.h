// SPDX-License-Identifier: Apache-2.0
// The `*.index.json` of a model in several files: decode and encode. It is an object with
//   "weight_map": each tensor's name and the file that has it, relative to the index;
//   "metadata":   anything, of which "total_size" is the files' and the rest the model's.
// One thread at a time.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/safetensors/json_stream.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::formats {

/// Of a quarter of a million tensors, for which the budget has room.
inline constexpr std::uint64_t kLongestShardIndex = 32 << 20;

struct ShardIndex {
  struct Tensor {
    std::string name;
    std::uint32_t shard = 0;  ///< in `shards`
  };
  std::vector<std::string> shards;  ///< by name; none of them leads out of the index's folder
  std::deque<Tensor> tensors;       ///< by name, none twice
  Metadata metadata;  ///< without total_size; what is no text, as the JSON text that it was
};

/// Nothing for an object without a `weight_map`. All that is kept is taken from the stream's
/// budget.
/// @throws Error corrupt; unsupported: nested too deep; unsafe: a file's name that leads out of the
/// folder.
[[nodiscard]] std::optional<ShardIndex> decode_shard_index(JsonStream& json);

/// As Hugging Face's libraries write it, byte for byte: sorted, indented by two, ASCII.
[[nodiscard]] std::string encode_shard_index(const ShardIndex& index, std::uint64_t total_size);

}  // namespace lancekeep::formats
