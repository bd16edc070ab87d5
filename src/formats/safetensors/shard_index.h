// SPDX-License-Identifier: Apache-2.0
// Decodes and encodes the `*.index.json` of a sharded model. It is a JSON object with
//   "weight_map": maps each tensor's name to its file, a path relative to the index;
//   "metadata":   any values; "total_size" describes the files, the rest is the model's metadata.
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

/// Enough for a quarter of a million tensors, which is as many as the budget allows.
inline constexpr std::uint64_t kLongestShardIndex = 32 << 20;

struct ShardIndex {
  struct Tensor {
    std::string name;
    std::uint32_t shard = 0;  ///< index into `shards`
  };
  std::vector<std::string> shards;  ///< sorted; all are within the index's folder
  std::deque<Tensor> tensors;       ///< sorted by name, which is unique
  Metadata metadata;  ///< without total_size; values that are not strings stay JSON text
};

/// Decodes an index; nullopt if the object has no `weight_map`. Memory is taken from the stream's
/// budget.
/// @throws Error corrupt; unsupported if nested too deeply; unsafe if a file name leaves the
/// folder.
[[nodiscard]] std::optional<ShardIndex> decode_shard_index(JsonStream& json);

/// Encodes an index byte for byte as Hugging Face's libraries do: sorted, indented by two, ASCII.
[[nodiscard]] std::string encode_shard_index(const ShardIndex& index, std::uint64_t total_size);

}  // namespace lancekeep::formats
