// SPDX-License-Identifier: Apache-2.0
// Writes safetensors files. These are the parts that single files and sharded models share: a plan
// decides what the export of a source contains before a byte is written; write_tensors() then
// writes one file. One thread at a time.
#pragma once

#include <lancekeep/formats.h>

#include "formats/safetensors/safetensors_header.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lancekeep::formats {

/// How names and metadata of the source become those of the file.
struct ExportForm {
  TiedNames tied_names = TiedNames::one;
  bool add_format = true;  ///< add `format` to metadata without it
};

struct ExportPlan {
  struct Tensor {
    SafetensorsEntry entry;  ///< without offsets, which are not known yet
    std::size_t source = 0;  ///< index in the source
    std::uint64_t nbytes = 0;
  };
  std::vector<Tensor> tensors;  ///< in model order
  Metadata metadata;            ///< for every file
  std::vector<std::string> not_kept;
  std::vector<std::string> notes;
};

/// Plans an export; reads nothing but `json` rows, which become metadata. `path` is for messages.
/// @throws Error unsupported, naming tensors whose dtype safetensors lacks; invalid_argument.
[[nodiscard]] ExportPlan plan_export(const std::filesystem::path& path, TensorSource& source,
                                     const Metadata& metadata, const ExportForm& form);

/// Writes the header and the values of these tensors. The values are ordered by decreasing width,
/// so that every tensor is aligned to its width and can be memory-mapped. The header keeps the
/// order of the tensors. `path` is for messages.
/// @throws Error unsupported if the header would be too long; invalid_argument if the source yields
/// more or fewer bytes than its spec says.
void write_tensors(const std::function<void(std::span<const std::byte>)>& write,
                   std::span<const ExportPlan::Tensor> tensors, const Metadata& metadata,
                   TensorSource& source, const std::filesystem::path& path);

}  // namespace lancekeep::formats
