// SPDX-License-Identifier: Apache-2.0
// What of a source goes into safetensors files, decided before a byte is written. Pure but for the
// text of json rows, which is read. One thread at a time.
#pragma once

#include "formats/safetensors/header.h"

#include <filesystem>
#include <string>
#include <vector>

namespace lancekeep::formats {

struct ExportPlan {
  struct Tensor {
    SafetensorsEntry entry;  ///< its place is not known yet
    std::size_t source = 0;  ///< its index there
    std::uint64_t nbytes = 0;
  };
  std::vector<Tensor> tensors;  ///< in model order
  Metadata metadata;            ///< of every file
  std::vector<std::string> not_kept;
};

/// @throws Error unsupported, naming what safetensors has no place for; invalid_argument. `path` is
/// for messages.
[[nodiscard]] ExportPlan plan_export(const std::filesystem::path& path, TensorSource& source,
                                     const Metadata& metadata);

}  // namespace lancekeep::formats
